import type { ReactNode } from 'react'
import { cx } from '../lib/cx.ts'
import css from './Track.module.css'

interface TrackProps {
  /** How much of all goes from each station to the next, from 0 to 1; undefined for thin lines. */
  reach?: readonly number[] | undefined
  /** The stations that cannot be reached: the way through them is broken. */
  broken?: readonly number[]
  className?: string | undefined
  children: ReactNode
}

const widest = 14

/** Four stations in a row and the ways between them, whose width is how much goes there. */
export function Track({ reach, broken = [], className, children }: TrackProps) {
  return (
    <div className={cx(css.track, className)}>
      <div className={css.lines} aria-hidden="true">
        {[0, 1, 2].map((i) => {
          const share = reach?.[i] ?? 0
          const height = reach ? (share > 0 ? Math.max(2, Math.round(share * widest)) : 1) : 2
          return (
            <span
              key={i}
              className={cx(css.line, broken.includes(i + 1) && css.broken)}
              style={{ height, left: `${12.5 + i * 25}%` }}
            />
          )
        })}
      </div>
      {children}
    </div>
  )
}
