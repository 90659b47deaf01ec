import type { LogEvent } from '../../api/types.ts'

/** The kinds one can filter by. */
export const kinds = ['hit', 'miss', 'fill', 'invalidate', 'other'] as const
export type Kind = (typeof kinds)[number]

/** Which of the kinds an event is; undefined for what is not the cache's. */
export function kindOf(e: LogEvent): Kind | undefined {
  if (e.kind.startsWith('task_')) return undefined
  switch (e.kind) {
    case 'hit':
    case 'miss':
    case 'invalidate':
      return e.kind
    case 'fill':
    case 'fill_refused':
      return 'fill'
    default:
      return 'other'
  }
}

/** The kinds in a URL; without any, all are wanted. */
export function kindsIn(text: string | null): ReadonlySet<Kind> {
  const wanted = new Set(kinds.filter((k) => text?.split(',').includes(k)))
  return wanted.size > 0 ? wanted : new Set(kinds)
}

/** As kindsIn reads it; '' for all. */
export function kindsText(wanted: ReadonlySet<Kind>): string {
  return wanted.size === kinds.length ? '' : kinds.filter((k) => wanted.has(k)).join(',')
}

export function fits(e: LogEvent, wanted: ReadonlySet<Kind>, key: string | undefined): boolean {
  const kind = kindOf(e)
  return kind !== undefined && wanted.has(kind) && (key === undefined || e.key === key)
}
