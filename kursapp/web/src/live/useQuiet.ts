import { type UIEvent, useMemo, useRef, useState } from 'react'
import type { LogEvent } from '../api/types.ts'

type Why = 'pointer' | 'focus' | 'scrolled'

/**
 * A log that does not move under the eyes of whoever reads it: while the pointer or the
 * focus is in it, or it is scrolled down, what comes is counted, and shown when asked for or afterwards.
 */
export function useQuiet(events: readonly LogEvent[]) {
  const why = useRef(new Set<Why>())
  const [heldAt, setHeldAt] = useState<number>()
  const shown = useMemo(
    () => (heldAt === undefined ? events : events.filter((e) => e.seq <= heldAt)),
    [events, heldAt],
  )
  const newest = events.at(-1)?.seq ?? 0
  const begin = (reason: Why) => {
    why.current.add(reason)
    setHeldAt((at) => at ?? newest)
  }
  const end = (reason: Why) => {
    why.current.delete(reason)
    if (why.current.size === 0) setHeldAt(undefined)
  }
  return {
    events: shown,
    held: events.length - shown.length,
    show: () => setHeldAt(why.current.size > 0 ? newest : undefined),
    /** For the element that holds the log. */
    hold: {
      onPointerEnter: () => begin('pointer'),
      onPointerLeave: () => end('pointer'),
      onFocus: () => begin('focus'),
      onBlur: () => end('focus'),
      onScroll: (e: UIEvent<HTMLElement>) =>
        e.currentTarget.scrollTop > 4 ? begin('scrolled') : end('scrolled'),
    },
  }
}
