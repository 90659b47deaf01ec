import { useFormat } from '../../i18n/format.ts'
import { lastOf, readsOf, tierLatency } from '../../live/figures.ts'
import { usePresent } from '../../live/present.ts'
import { useLive } from '../../live/store.ts'
import { Unknown } from '../../ui/States.tsx'
import css from './Stage.module.css'
import { useT } from './texts.ts'

/** Under each station: its share of all answers, and how fast it was. */
export function Facts({ names }: { names: readonly string[] }) {
  const t = useT()
  const f = useFormat()
  const { known, since } = usePresent()
  const samples = useLive((l) => l.samples)
  const minute = lastOf(samples, 60_000)
  const reads = readsOf(minute)
  const rate = reads.all / Math.max(1, minute.length)
  const tiers = [
    { name: names[1], n: reads.local, latency: tierLatency(minute, 'local') },
    { name: names[2], n: reads.redis, latency: tierLatency(minute, 'redis') },
    { name: names[3], n: reads.database, latency: tierLatency(minute, 'database') },
  ]
  return (
    <dl className={css.facts} aria-label={t.facts.label}>
      <div className={css.fact}>
        <dt className={css.factName}>{names[0]}</dt>
        <dd className={css.share}>
          {known ? t.facts.total(f.int(reads.all)) : since ? <Unknown since={since} /> : '…'}
        </dd>
        <dd className={css.latency}>{known ? t.facts.rate(f.num(rate, 1)) : ''}</dd>
      </div>
      {tiers.map((tier) => (
        <div key={tier.name} className={css.fact}>
          <dt className={css.factName}>{tier.name}</dt>
          <dd className={css.share}>
            {known &&
              (reads.all > 0
                ? t.facts.share(f.percent(tier.n / reads.all, 0), f.int(reads.all))
                : t.facts.none)}
          </dd>
          <dd className={css.latency}>
            {known &&
              tier.latency &&
              t.facts.latency(f.micros(tier.latency.p50_us), f.micros(tier.latency.p99_us))}
          </dd>
        </div>
      ))}
    </dl>
  )
}
