import { useSyncExternalStore } from 'react'

/** Whether the server answers: since when it does not, undefined while it does. */
let lostAt: number | undefined
const listeners = new Set<() => void>()

export function noteReach(ok: boolean): void {
  if (ok === (lostAt === undefined)) return
  lostAt = ok ? undefined : Date.now()
  for (const tell of listeners) tell()
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

export function useLostAt(): number | undefined {
  return useSyncExternalStore(subscribe, () => lostAt)
}
