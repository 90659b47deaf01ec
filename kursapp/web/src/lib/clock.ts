import { useSyncExternalStore } from 'react'

// The server's clock, kept on the browser's monotonic one: the wall clock of the
// browser may be off by minutes, and may jump.
let best: { server: number; at: number; rtt: number } | undefined

// After this long a worse measurement is better than one that has drifted.
const keepFor = 5 * 60_000

/**
 * Takes note of the server's time in an answer. The server read its clock somewhere
 * between sending and receiving, so the shortest round trip knows best.
 */
export function observeServerTime(server: number, sentAt: number, gotAt: number): void {
  if (!Number.isFinite(server)) return
  const rtt = Math.max(0, gotAt - sentAt)
  if (best && rtt >= best.rtt && gotAt - best.at < keepFor) return
  best = { server, at: (sentAt + gotAt) / 2, rtt }
}

/** Milliseconds since 1970 on the server's clock; the browser's as long as nothing is known. */
export function serverNow(): number {
  return best ? best.server + (performance.now() - best.at) : Date.now()
}

/** Forgets what was measured. */
export function resetClock(): void {
  best = undefined
}

// One timer for all that counts down, and none while nothing does or nobody looks.
const tick = 250
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function beat() {
  if (document.hidden) return
  for (const tell of listeners) tell()
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  timer ??= setInterval(beat, tick)
  return () => {
    listeners.delete(tell)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

const never = () => () => {}

// In whole ticks, so that two looks within one render see the same time.
const inTicks = () => Math.floor(serverNow() / tick) * tick

/** The server's time, which moves on by itself four times a second while `running`. */
export function useServerNow(running = true): number {
  return useSyncExternalStore(running ? subscribe : never, inTicks)
}
