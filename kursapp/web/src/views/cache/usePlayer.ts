import { useEffect, useState } from 'react'
import { useReducedMotion } from '../../lib/useMedia.ts'
import type { Step } from './trace.ts'

// A station's way takes so long in slow motion, and the database is the slow one: what
// costs much takes long.
const perStation = 170
const stay = 260
const stayAtDatabase = 620

/** How long the dot travels to a step from the one before. */
export const travel = (from: Step | undefined, to: Step | undefined) =>
  from && to ? Math.abs(to.at - from.at) * perStation : 0

/** Plays steps one after another, or one at a time. With reduced motion it begins at the end. */
export function usePlayer(id: number | undefined, steps: readonly Step[]) {
  const still = useReducedMotion()
  const last = Math.max(0, steps.length - 1)
  const [at, setAt] = useState(last)
  const [playing, setPlaying] = useState(false)
  const [shown, setShown] = useState<number>()

  // A new story begins at its first step, in the same paint.
  if (id !== shown) {
    setShown(id)
    setAt(still ? last : 0)
    setPlaying(!still && id !== undefined)
  }

  useEffect(() => {
    if (!playing) return
    if (at >= last) {
      setPlaying(false)
      return
    }
    const here = steps[at]
    const arrive = travel(steps[at - 1], here)
    const dwell = at === 0 ? 120 : here?.at === 3 ? stayAtDatabase : stay
    const timer = setTimeout(() => setAt((n) => Math.min(n + 1, last)), arrive + dwell)
    return () => clearTimeout(timer)
  }, [playing, at, last, steps])

  return {
    at: Math.min(at, last),
    playing,
    done: at >= last,
    /** One step on, by hand; from the end back to the beginning. */
    next() {
      setPlaying(false)
      setAt((n) => (n >= last ? 0 : n + 1))
    },
  }
}
