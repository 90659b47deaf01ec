import type { Device } from '../../api/types.ts'

/** This device first, then the one used last. */
export function inOrder(devices: readonly Device[]): Device[] {
  return [...devices].sort(
    (a, b) =>
      Number(b.current) - Number(a.current) || Date.parse(b.last_seen_at) - Date.parse(a.last_seen_at),
  )
}

const minute = 60_000
const hour = 60 * minute

/** How long a session lives without use. Shorter near its last end, so the bar is measured against the usual time. */
export const idleTime = (remembered: boolean) => (remembered ? 14 * 24 * hour : 30 * minute)

/** How long ago in words that do not change each second; '' for within the last minute, as it is known no better. */
export function ago(at: number, now: number, span: (ms: number) => string): string {
  const passed = now - at
  if (passed < 90_000) return ''
  return passed < hour ? `${Math.floor(passed / minute)} min` : span(passed)
}
