import { useMemo, useState } from 'react'
import type { LogEvent } from '../api/types.ts'

/**
 * A log that does not move under the eyes of whoever reads it: while the pointer or the
 * focus is in it, what comes is counted and shown when asked for, or afterwards.
 */
export function useQuiet(events: readonly LogEvent[]) {
  const [heldAt, setHeldAt] = useState<number>()
  const shown = useMemo(
    () => (heldAt === undefined ? events : events.filter((e) => e.seq <= heldAt)),
    [events, heldAt],
  )
  const newest = events.at(-1)?.seq ?? 0
  const begin = () => setHeldAt((at) => at ?? newest)
  const end = () => setHeldAt(undefined)
  return {
    events: shown,
    held: events.length - shown.length,
    show: () => setHeldAt((at) => (at === undefined ? undefined : newest)),
    /** For the element that holds the log. */
    hold: { onPointerEnter: begin, onPointerLeave: end, onFocus: begin, onBlur: end },
  }
}
