import { useMemo } from 'react'
import type { Sample } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { bucketsOf, hitRatio, lastOf, latencyOver, readsOf } from '../../live/figures.ts'
import { usePresent } from '../../live/present.ts'
import { useLive } from '../../live/store.ts'
import { Sparkline } from '../../ui/Sparkline.tsx'
import { Stat } from '../../ui/Stat.tsx'
import css from './overview.module.css'
import { places, step } from './scale.ts'
import { useT } from './texts.ts'

/** The four figures. */
export function Figures() {
  const t = useT()
  const f = useFormat()
  const { known, waiting, since } = usePresent()
  const samples = useLive((l) => l.samples)
  const redisSince = useLive((l) => l.status?.redis.since)

  const past = useMemo(() => {
    const buckets = bucketsOf(samples, step, places)
    const each = (of: (s: Sample[]) => number | null) => buckets.map((b) => (b ? of(b.samples) : null))
    return {
      reads: each((s) => readsOf(s).all / s.length),
      hits: each((s) => hitRatio(readsOf(s)) ?? null),
      latency: each((s) => latencyOver(s.map((x) => x.http))?.p50_us ?? null),
      queue: each((s) => inProgress(s.at(-1))),
    }
  }, [samples])

  const minute = lastOf(samples, 60_000)
  const ten = lastOf(samples, 10_000)
  const reads = readsOf(minute)
  const ratio = hitRatio(reads)
  const http = latencyOver(minute.map((s) => s.http))
  const queues = samples.at(-1)?.queues ?? null
  const depth = inProgress(samples.at(-1))

  // undefined while loading, null where nobody knows.
  const figure = <T,>(value: T | null) => (known ? value : waiting ? undefined : null)
  return (
    <section className={css.figures} aria-label={t.figures.label}>
      <div className={css.figure}>
        <Stat
          size="large"
          label={t.figures.reads}
          value={figure(f.num(readsOf(ten).all / Math.max(1, ten.length), 0))}
          since={since}
          unit={t.figures.perSecond}
          base={t.figures.readsBase}
          chart={
            <Sparkline
              places={places}
              lines={[{ tone: 'ink', values: past.reads, area: true }]}
              label={`${t.figures.reads}, ${t.figures.last15}`}
            />
          }
        />
      </div>
      <div className={css.figure}>
        <Stat
          size="large"
          label={t.figures.hits}
          value={figure(ratio === undefined ? '–' : f.percent(ratio))}
          since={since}
          base={ratio === undefined ? t.figures.noReads : t.figures.hitsBase(f.int(reads.all))}
          chart={
            <Sparkline
              places={places}
              lines={[{ tone: 'ink', values: past.hits, area: true }]}
              label={`${t.figures.hits}, ${t.figures.last15}`}
            />
          }
        />
      </div>
      <div className={css.figure}>
        <Stat
          size="large"
          label={t.figures.latency}
          value={figure(http ? f.about(http.p50_us) : '–')}
          since={since}
          base={http ? t.figures.latencyBase(f.about(http.p99_us), f.int(http.n)) : t.figures.noReads}
          chart={
            <Sparkline
              places={places}
              lines={[{ tone: 'ink', values: past.latency, area: true }]}
              label={`${t.figures.latency}, ${t.figures.last15}`}
            />
          }
        />
      </div>
      <div className={css.figure}>
        <Stat
          size="large"
          label={t.figures.queue}
          value={figure(depth === null ? null : f.int(depth))}
          since={since ?? redisSince}
          base={
            queues
              ? t.figures.queueBase(
                  f.int(queues.reduce((n, q) => n + q.dead, 0)),
                  f.int(queues.reduce((n, q) => n + q.scheduled + q.retrying, 0)),
                )
              : '\u00a0'
          }
          chart={
            <Sparkline
              places={places}
              lines={[{ tone: 'ink', values: past.queue, area: true }]}
              label={`${t.figures.queue}, ${t.figures.last15}`}
            />
          }
        />
      </div>
    </section>
  )
}

// Tasks that wait or run now; null where Redis could not be asked.
function inProgress(s: Sample | undefined): number | null {
  if (!s?.queues) return null
  return s.queues.reduce((n, q) => n + q.waiting + q.running, 0)
}
