import { useEffect, useRef } from 'react'
import type { LogEvent } from '../../api/types.ts'
import { cx } from '../../lib/cx.ts'
import { useReducedMotion } from '../../lib/useMedia.ts'
import { live } from '../../live/store.ts'
import css from './Stage.module.css'
import { keyOf } from './useInspection.ts'

// So many at a time; more would be a blur.
const atOnce = 4
const perStation = 420

/** Requests of others as small dots: each goes as far as it has to, and comes back. */
export function Passers({ user }: { user: number }) {
  const box = useRef<HTMLDivElement>(null)
  const still = useReducedMotion()
  useEffect(() => {
    if (still) return
    let last = live.get().events.at(-1)?.seq ?? 0
    const own = keyOf(user)
    return live.subscribe(() => {
      const { events, paused } = live.get()
      const news = events.filter((e) => e.seq > last)
      last = events.at(-1)?.seq ?? last
      if (paused || !box.current) return
      // The chosen user's own requests have the big dot.
      for (const e of news
        .filter((n) => n.key !== own && (n.kind === 'hit' || n.kind === 'miss'))
        .slice(-atOnce)) {
        if (box.current.childElementCount < atOnce) pass(box.current, e)
      }
    })
  }, [user, still])
  return <div ref={box} className={css.passers} aria-hidden="true" />
}

function pass(box: HTMLElement, e: LogEvent) {
  const far = e.kind === 'miss' ? 3 : e.tier === 'local' ? 1 : 2
  const who =
    e.kind === 'miss' ? (e.reason === 'bypass' ? 'bypass' : 'database') : far === 1 ? 'local' : 'redis'
  const dot = document.createElement('span')
  dot.className = cx(css.passer, css[who])
  box.append(dot)
  const there = `${12.5 + far * 25}%`
  const run = dot.animate([{ left: '12.5%' }, { left: there }, { left: '12.5%' }], {
    duration: far * perStation * 2,
  })
  run.onfinish = () => dot.remove()
  run.oncancel = () => dot.remove()
}
