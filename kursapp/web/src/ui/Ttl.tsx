import { useEffect, useRef } from 'react'
import { useFormat } from '../i18n/format.ts'
import { useShared } from '../i18n/shared.ts'
import { serverNow, useServerNow } from '../lib/clock.ts'
import { cx } from '../lib/cx.ts'
import { useReducedMotion } from '../lib/useMedia.ts'
import css from './Ttl.module.css'
import type { Tone } from './tone.ts'

interface TtlProps {
  /** When it ends, on the server's clock. */
  endsAt: number
  /** How long it lives in all, in milliseconds. */
  of: number
  tone?: Tone
  label: string
}

/** What is left of a lifetime, running down on the server's clock. */
export function Ttl({ endsAt, of, tone = 'redis', label }: TtlProps) {
  const t = useShared()
  const f = useFormat()
  const now = useServerNow(endsAt > serverNow())
  // The server's clock is known to some milliseconds: 61 of 60 seconds would be odd.
  const left = Math.max(0, Math.min(of, endsAt - now))
  const bar = useRef<HTMLSpanElement>(null)
  const still = useReducedMotion()

  // The browser moves the bar by itself; the numbers are enough for those who want no motion.
  useEffect(() => {
    const rest = Math.max(0, endsAt - serverNow())
    const share = of > 0 ? Math.min(1, rest / of) : 0
    if (still || !bar.current?.animate) return
    const run = bar.current.animate([{ scale: `${share} 1` }, { scale: '0 1' }], {
      duration: rest,
      fill: 'forwards',
    })
    return () => run.cancel()
  }, [endsAt, of, still])

  const steps = of > 0 ? Math.min(1, left / of) : 0
  return (
    <span className={css.ttl}>
      <span className={css.track} aria-hidden="true">
        <span ref={bar} className={cx(css.bar, css[tone])} style={{ scale: `${steps} 1` }} />
      </span>
      <span className={css.left} role="timer" aria-label={label}>
        {left > 0 ? `${f.int(Math.ceil(left / 1000))} s` : t.common.gone}
      </span>
    </span>
  )
}
