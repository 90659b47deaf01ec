import type { Status } from '../../api/types.ts'

/** How things are, as the one sentence at the top needs it. The worst comes first. */
export type Health =
  | { is: 'waiting' }
  | { is: 'lost'; since: number }
  | { is: 'database' | 'redis'; since: number }
  | { is: 'worker' }
  | { is: 'fine' }

interface Known {
  known: boolean
  since: number | undefined
  status: Status | undefined
}

export function healthOf({ known, since, status }: Known): Health {
  if (since !== undefined) return { is: 'lost', since }
  if (!known || !status) return { is: 'waiting' }
  if (status.database.ok === false) return { is: 'database', since: status.database.since }
  if (status.redis.ok === false) return { is: 'redis', since: status.redis.since }
  if (status.worker.ok === false) return { is: 'worker' }
  return { is: 'fine' }
}
