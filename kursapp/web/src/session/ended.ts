import { useSyncExternalStore } from 'react'
import type { Me } from '../api/types.ts'

/** How a session ended that nobody here ended. */
export type End = 'expired' | 'revoked'

type Who = Pick<Me, 'user' | 'session' | 'session_unknown'>

/**
 * What became of a session between two answers about who is logged in. undefined where it
 * goes on, where there was none, or where nobody can say.
 */
export function endOf(before: Who | undefined, after: Who, now: number): End | undefined {
  if (!before?.session || after.session_unknown || after.user) return undefined
  const ends = Math.min(Date.parse(before.session.idle_ends_at), Date.parse(before.session.ends_at))
  // The end may have moved since we asked; one that is due within a second is the reason.
  return now >= ends - 1000 ? 'expired' : 'revoked'
}

let ended: End | undefined
let leaving = false
const listeners = new Set<() => void>()

function tellAll() {
  for (const tell of listeners) tell()
}

/** The person logs out here: what ends now is no surprise. */
export function expectEnd(): void {
  leaving = true
}

/** Takes note of who is logged in now. Returns the end to tell of, if there is one. */
export function noteWho(before: Who | undefined, after: Who, now: number): End | undefined {
  const end = leaving ? undefined : endOf(before, after, now)
  if (after.user) ended = undefined
  else if (end) ended = end
  if (!after.session_unknown) leaving = false
  tellAll()
  return end
}

/** How the last session ended, until somebody logs in. */
export function useEnded(): End | undefined {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell)
      return () => listeners.delete(tell)
    },
    () => ended,
  )
}
