import { lazy, Suspense, useState } from 'react'
import { useShared } from '../i18n/shared.ts'
import css from './Chart.module.css'
import { Segmented } from './Segmented.tsx'
import { Loading } from './States.tsx'
import { Table } from './Table.tsx'
import type { Tone } from './tone.ts'

const Plot = lazy(() => import('./Plot.tsx'))

export interface Series {
  label: string
  tone: Tone | 'ink'
  /** As many as x has; null is a gap, not 0. */
  values: readonly (number | null)[]
}

export interface ChartProps {
  /** With the unit: „Antwortzeit p50 (µs)“. */
  title: string
  /** Seconds since 1970 where `time`, else any numbers that grow. */
  x: readonly number[]
  series: readonly Series[]
  time?: boolean
  /** A logarithmic y axis. The title says so. */
  log?: boolean
  /** A logarithmic x axis. */
  logX?: boolean
  xLabel?: string
  /** `bars` for a distribution. */
  shape?: 'lines' | 'bars'
  height?: number
  formatX(x: number): string
  formatY(y: number): string
}

/** A chart with axes, and the same figures as a table. The plotting code is loaded when one is shown. */
export function Chart(props: ChartProps) {
  const t = useShared()
  const [as, setAs] = useState<'chart' | 'table'>('chart')
  const { title, log, x, series } = props
  return (
    <figure className={css.chart}>
      <div className={css.head}>
        <figcaption className={css.title}>
          {title}
          {log && <span className={css.log}> · {t.common.logScale}</span>}
        </figcaption>
        <Segmented
          label={title}
          value={as}
          onChange={setAs}
          options={[
            { value: 'chart', label: t.common.asChart },
            { value: 'table', label: t.common.asTable },
          ]}
        />
      </div>
      {x.length === 0 ? (
        <p className={css.none}>{t.common.noData}</p>
      ) : as === 'chart' ? (
        <Suspense fallback={<Loading lines={4} />}>
          <Plot {...props} />
        </Suspense>
      ) : (
        <div className={css.table}>
          <Table label={title}>
            <thead>
              <tr>
                <th scope="col">{props.xLabel ?? t.common.time}</th>
                {series.map((s) => (
                  <th key={s.label} scope="col" className="num">
                    {s.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {x.map((at, i) => (
                <tr key={at}>
                  <th scope="row">{props.formatX(at)}</th>
                  {series.map((s) => {
                    const v = s.values[i]
                    return (
                      <td key={s.label} className="num">
                        {v === null || v === undefined ? '–' : props.formatY(v)}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </Table>
        </div>
      )}
    </figure>
  )
}
