import type { AuditEntry } from '../../api/types.ts'

export const groups = {
  logins: ['login_succeeded', 'login_failed', 'login_limited', 'logged_out'],
  accounts: [
    'registered',
    'user_changed',
    'password_changed',
    'password_reset_requested',
    'role_changed',
    'user_deleted',
    'users_truncated',
  ],
  sessions: ['session_revoked', 'sessions_revoked'],
} as const

export type Group = keyof typeof groups
export type Kind = (typeof groups)[Group][number]

export const groupNames = Object.keys(groups) as Group[]

/** Which kinds the URL asks for; undefined for all, also where it asks for what is not known. */
export function kindsOf(wanted: string | null): readonly string[] | undefined {
  if (!wanted) return undefined
  if (Object.hasOwn(groups, wanted)) return groups[wanted as Group]
  return groupNames.some((g) => (groups[g] as readonly string[]).includes(wanted)) ? [wanted] : undefined
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
