import { memo } from 'react'
import { cx } from '../lib/cx.ts'
import css from './Sparkline.module.css'
import { type Line, sparkPaths } from './spark.ts'

interface SparklineProps {
  /** Values from left to right; null leaves a gap. */
  lines: readonly Line[]
  /** How many places the x axis has: what is not there yet stays empty at the left. */
  places: number
  /** What it shows, in words, with the last value. */
  label: string
  height?: number
  /** The axis ends here, if nothing is higher. */
  atLeast?: number
}

/** A small chart without axes, for a trend beside its figure. */
export const Sparkline = memo(function Sparkline({
  lines,
  places,
  label,
  height = 36,
  atLeast = 1,
}: SparklineProps) {
  const width = 240
  return (
    <svg
      className={css.spark}
      viewBox={`0 0 ${width} ${height}`}
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <line x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} className={css.base} />
      {sparkPaths(lines, { width, height, places, atLeast }).map((p) => (
        <g key={p.tone} className={cx(css.line, css[p.tone])}>
          {p.area && <path d={p.area} className={css.area} />}
          <path d={p.stroke} className={css.stroke} strokeDasharray={p.dash.join(' ') || undefined} />
        </g>
      ))}
    </svg>
  )
})
