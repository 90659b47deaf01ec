import { useLive } from './store.ts'

/**
 * Whether live figures are the present ones. `since` says since when nobody knows them;
 * `waiting` that none have come yet.
 */
export function usePresent(): { known: boolean; waiting: boolean; since: number | undefined } {
  const state = useLive((l) => l.state)
  const since = useLive((l) => l.lostSince)
  const any = useLive((l) => l.samples.length > 0)
  return {
    known: state === 'live' && any,
    waiting: state === 'connecting' || (state === 'live' && !any) || state === 'off',
    since: state === 'lost' ? since : undefined,
  }
}

/** What the database is called: the demo may run on SQLite. */
export function useDatabaseName(): string {
  return useLive((l) => (l.about?.database.startsWith('SQLite') ? 'SQLite' : 'PostgreSQL'))
}
