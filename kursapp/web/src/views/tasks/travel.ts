import type { LogEvent, Mail, Task } from '../../api/types.ts'

/** A test mail on its way. */
export interface Parcel {
  id: string
  broken: boolean
  to: string
  subject: string
  /** On the server's clock. */
  sentAt: number
  /** What was in the mailbox before: another mail like this one is not this one. */
  before: ReadonlySet<string>
}

export type Stage = 'waiting' | 'running' | 'retrying' | 'delivered' | 'dead'

/** Where a mail is, and since when where that is known. */
export interface Whereabouts {
  stage: Stage
  at: number | undefined
  attempts: number
  maxAttempts: number
  error: string
}

const begin: Whereabouts = { stage: 'waiting', at: undefined, attempts: 0, maxAttempts: 0, error: '' }

/** What tells a mail in the mailbox from others. */
export const mailKey = (m: Mail): string => `${m.received_at}\n${m.to}\n${m.subject}`

/**
 * Finds out where a mail is. Being in the mailbox is being delivered; the log knows what was
 * too fast to be seen in the list; and what nobody says anything about is where it was.
 */
export function locate(
  parcel: Parcel,
  before: Whereabouts | undefined,
  tasks: readonly Task[],
  mails: readonly Mail[],
  events: readonly LogEvent[],
): Whereabouts {
  const known = before ?? begin
  if (known.stage === 'delivered' || known.stage === 'dead') return known
  const mine = events.filter((e) => e.key === parcel.id || e.key.endsWith(`/${parcel.id}`))
  const failures = mine.filter((e) => e.kind === 'task_failed' || e.kind === 'task_dead')
  const error = failures.at(-1)?.error || known.error
  const attempts = Math.max(known.attempts, failures.length)

  const died = mine.find((e) => e.kind === 'task_dead')
  const task = tasks.find((t) => t.id === parcel.id)
  if (task?.state === 'dead' || died) {
    return {
      stage: 'dead',
      at: died?.t ?? (task?.died_at ? Date.parse(task.died_at) : undefined),
      attempts: Math.max(task?.attempts ?? 0, attempts),
      maxAttempts: task?.max_attempts ?? known.maxAttempts,
      error: task?.error || error,
    }
  }
  const done = mine.find((e) => e.kind === 'task_done')
  const mail = parcel.broken
    ? undefined
    : mails.find((m) => m.to === parcel.to && m.subject === parcel.subject && !parcel.before.has(mailKey(m)))
  if (done || mail) {
    return {
      ...known,
      stage: 'delivered',
      at: done?.t ?? (mail && Date.parse(mail.received_at)),
      attempts,
      error: '',
    }
  }
  if (!task) return { ...known, attempts, error }
  const stage = task.state === 'running' ? 'running' : task.state === 'retrying' ? 'retrying' : 'waiting'
  return {
    stage,
    at: task.started_at && stage === 'running' ? Date.parse(task.started_at) : undefined,
    attempts: Math.max(task.attempts, attempts),
    maxAttempts: task.max_attempts,
    error: task.error || error,
  }
}
