import { useState } from 'react'
import { useFormat } from '../../i18n/format.ts'
import { cx } from '../../lib/cx.ts'
import css from './compare.module.css'
import { decades, endOfBin, outline, placeOf, spread, type Way } from './model.ts'
import { nameOf } from './names.ts'
import { useT } from './texts.ts'

/** How the times of each way are spread: one row for each, all over the same logarithmic axis. */
export function Distribution({ ways }: { ways: readonly Way[] }) {
  const t = useT()
  const f = useFormat()
  const [at, setAt] = useState<number>()
  const s = spread(ways)
  if (!s) return null
  const percent = (place: number) => `${(place * 100).toFixed(3)}%`
  const move = (to: number) => setAt(Math.min(s.bins - 1, Math.max(0, to)))
  const range =
    at === undefined ? '' : t.shares(f.micros(endOfBin(s.from + at - 1)), f.micros(endOfBin(s.from + at)))
  const reading = (i: number) => f.percent(s.shares[i]?.[at ?? 0] ?? 0)
  const spoken =
    at === undefined
      ? t.pointer
      : `${range}: ${ways.map((w, i) => `${nameOf(w, t)} ${reading(i)}`).join(', ')}`
  return (
    <div className={css.distribution}>
      <div
        className={css.ridges}
        role="slider"
        tabIndex={0}
        aria-label={t.distributionKeys}
        aria-valuemin={0}
        aria-valuemax={s.bins - 1}
        aria-valuenow={at ?? 0}
        aria-valuetext={spoken}
        onPointerMove={(e) => {
          const box = e.currentTarget.getBoundingClientRect()
          move(Math.floor(((e.clientX - box.left) / box.width) * s.bins))
        }}
        onPointerLeave={() => setAt(undefined)}
        onKeyDown={(e) => {
          const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[
            e.key
          ]
          if (by === undefined && e.key !== 'Home' && e.key !== 'End') return
          e.preventDefault()
          if (e.key === 'Home') move(0)
          else if (e.key === 'End') move(s.bins - 1)
          else move(at === undefined ? Math.floor(s.bins / 2) : at + (by ?? 0))
        }}
      >
        {decades(s).map((us) => (
          <span key={us} className={css.gridline} style={{ left: percent(placeOf(us, s)) }} />
        ))}
        {ways.map((way, i) => (
          <div key={`${way.via}${way.tier}`} className={cx(css.ridge, css[way.tier])}>
            <svg viewBox={`0 0 ${s.bins} 1`} preserveAspectRatio="none" aria-hidden="true">
              <path d={outline(s.shares[i] ?? [], s.tops[i] ?? 1)} className={css.shape} />
            </svg>
            <span className={css.median} style={{ left: percent(placeOf(way.p50, s)) }} />
            <span className={css.ridgeName}>{nameOf(way, t)}</span>
          </div>
        ))}
        {at !== undefined && (
          <span className={css.cursor} style={{ left: percent(at / s.bins), width: percent(1 / s.bins) }} />
        )}
      </div>
      <div className={css.axis} aria-hidden="true">
        {decades(s).map((us) => (
          <span key={us} style={{ left: percent(placeOf(us, s)) }}>
            {f.micros(us)}
          </span>
        ))}
      </div>
      <p className={css.readout} aria-hidden="true">
        {at === undefined ? (
          <span>{t.pointer}</span>
        ) : (
          <>
            <b>{range}</b>
            {ways.map((w, i) => (
              <span key={`${w.via}${w.tier}`}>
                {nameOf(w, t)} <b>{reading(i)}</b>
              </span>
            ))}
          </>
        )}
      </p>
    </div>
  )
}
