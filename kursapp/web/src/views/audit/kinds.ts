import type { AuditAction, AuditEntry } from '../../api/types.ts'

export type Group = 'logins' | 'accounts' | 'sessions' | 'operations'

const groupOf: Record<AuditAction, Group> = {
  login_succeeded: 'logins',
  login_failed: 'logins',
  login_limited: 'logins',
  logged_out: 'logins',
  registered: 'accounts',
  user_changed: 'accounts',
  password_changed: 'accounts',
  password_reset_requested: 'accounts',
  role_changed: 'accounts',
  user_deleted: 'accounts',
  users_truncated: 'accounts',
  session_revoked: 'sessions',
  sessions_revoked: 'sessions',
  limit_reset: 'operations',
  queue_paused: 'operations',
  queue_resumed: 'operations',
  tasks_retried: 'operations',
  tasks_deleted: 'operations',
}
const kinds = Object.keys(groupOf) as AuditAction[]

export const groupNames = [...new Set(Object.values(groupOf))]
export const kindsIn = (group: Group) => kinds.filter((k) => groupOf[k] === group)

/** Which kinds the URL asks for; undefined for all, also where it asks for what is not known. */
export function kindsOf(wanted: string | null): readonly AuditAction[] | undefined {
  const found = kinds.filter((k) => k === wanted || groupOf[k] === wanted)
  return found.length > 0 ? found : undefined
}

/** Entries of one day, as the person's calendar has it. */
export interface Day {
  /** Its beginning. */
  at: number
  entries: AuditEntry[]
}

/** Entries by day, in the order they have. */
export function byDay(entries: readonly AuditEntry[]): Day[] {
  const days: Day[] = []
  for (const e of entries) {
    const at = new Date(e.at).setHours(0, 0, 0, 0)
    const last = days.at(-1)
    if (last?.at === at) last.entries.push(e)
    else days.push({ at, entries: [e] })
  }
  return days
}
