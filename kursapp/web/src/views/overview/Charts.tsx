import { useMemo } from 'react'
import type { Sample, Tier } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { useShared } from '../../i18n/shared.ts'
import { bucketsOf, sumOf, tierLatency } from '../../live/figures.ts'
import { useLive } from '../../live/store.ts'
import { Card } from '../../ui/Card.tsx'
import { Chip } from '../../ui/Chip.tsx'
import { Sparkline } from '../../ui/Sparkline.tsx'
import type { Line } from '../../ui/spark.ts'
import css from './overview.module.css'
import { places, step } from './scale.ts'
import { useT } from './texts.ts'

const tiers: Tier[] = ['local', 'redis', 'database']
// Microseconds on a logarithmic scale that begins at a tenth of one.
const logarithm = (us: number) => Math.log10(Math.max(us, 0.1)) + 1

/** The last quarter of an hour, by who answered, and what happened to entries. */
export function Charts() {
  const t = useT()
  const shared = useShared()
  const f = useFormat()
  const samples = useLive((l) => l.samples)
  const past = useMemo(() => {
    const buckets = bucketsOf(samples, step, places)
    const each = (of: (s: Sample[]) => number | null) => buckets.map((b) => (b ? of(b.samples) : null))
    const lines = (of: (tier: Tier) => (s: Sample[]) => number | null): Line[] =>
      tiers.map((tone) => ({ tone, values: each(of(tone)) }))
    return {
      answers: lines((tier) => (s) => sumOf(s, (x) => x.reads[tier]) / s.length),
      latency: lines((tier) => (s) => {
        const l = tierLatency(s, tier)
        return l ? logarithm(l.p50_us) : null
      }),
      invalidated: each((s) => sumOf(s, (x) => x.cache.invalidated)),
      refused: each((s) => sumOf(s, (x) => x.cache.fills_refused)),
    }
  }, [samples])
  const invalidated = sumOf(samples, (s) => s.cache.invalidated)
  const refused = sumOf(samples, (s) => s.cache.fills_refused)

  const legend = (
    <div className={css.legend}>
      {tiers.map((tier) => (
        <Chip key={tier} tone={tier}>
          {shared.source[tier]}
        </Chip>
      ))}
    </div>
  )
  return (
    <Card title={t.charts.label} aside={legend}>
      <div className={css.charts}>
        <Chart title={t.charts.answers}>
          <Sparkline height={84} places={places} lines={past.answers} label={t.charts.answers} />
        </Chart>
        <Chart title={`${t.charts.latency}, ${shared.common.logScale}`}>
          <Sparkline height={84} places={places} lines={past.latency} label={t.charts.latency} />
        </Chart>
        <div className={css.pair}>
          <Chart title={t.charts.changes} figure={t.charts.in15(f.int(invalidated))}>
            <Sparkline
              height={28}
              places={places}
              lines={[{ tone: 'ink', values: past.invalidated, area: true }]}
              label={t.charts.changes}
              atLeast={3}
            />
          </Chart>
          <Chart title={t.charts.refused} figure={t.charts.in15(f.int(refused))} hint={t.charts.refusedHint}>
            <Sparkline
              height={28}
              places={places}
              lines={[{ tone: 'ink', values: past.refused, area: true }]}
              label={t.charts.refused}
              atLeast={3}
            />
          </Chart>
        </div>
      </div>
    </Card>
  )
}

function Chart({
  title,
  figure,
  hint,
  children,
}: {
  title: string
  figure?: string
  hint?: string
  children: React.ReactNode
}) {
  const t = useT()
  return (
    <figure className={css.chart}>
      <figcaption className={css.chartTitle} title={hint}>
        <span>{title}</span>
        {figure && <span className={css.chartFigure}>{figure}</span>}
      </figcaption>
      {children}
      <p className={css.axis} aria-hidden="true">
        <span>{t.charts.ago}</span>
        <span>{t.charts.nowAxis}</span>
      </p>
    </figure>
  )
}
