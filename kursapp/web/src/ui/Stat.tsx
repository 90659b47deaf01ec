import type { ReactNode } from 'react'
import { cx } from '../lib/cx.ts'
import css from './Stat.module.css'
import { Unknown } from './States.tsx'

interface StatProps {
  label: ReactNode
  /** The figure; undefined while it is loading, null where nobody knows it. */
  value: ReactNode | null | undefined
  /** Since when nobody knows it. */
  since?: number | undefined
  unit?: ReactNode
  /** Of how many, over which time: what makes the figure honest. */
  base?: ReactNode
  chart?: ReactNode
  size?: 'large' | 'normal'
}

/** One figure with its name and what it refers to. Loading, unknown and 0 look different. */
export function Stat({ label, value, since, unit, base, chart, size = 'normal' }: StatProps) {
  return (
    <div className={css.stat}>
      <div className={css.label}>{label}</div>
      <div className={cx(css.value, size === 'large' && css.large)}>
        {value === undefined ? (
          <span className={css.wait} aria-busy="true">
            …
          </span>
        ) : value === null ? (
          <span className={css.unknown}>
            <Unknown since={since} />
          </span>
        ) : (
          <>
            {value}
            {unit && <span className={css.unit}>{unit}</span>}
          </>
        )}
      </div>
      {base && <div className={css.base}>{base}</div>}
      {chart && <div className={css.chart}>{chart}</div>}
    </div>
  )
}
