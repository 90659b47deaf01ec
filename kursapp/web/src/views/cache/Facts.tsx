import { useFormat } from '../../i18n/format.ts'
import { cx } from '../../lib/cx.ts'
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
  if (!known) return <p className={css.unknown}>{since ? <Unknown since={since} /> : '…'}</p>
  return (
    <dl className={css.facts} aria-label={t.facts.label}>
      <div className={css.fact}>
        <dt className={css.factName}>{names[0]}</dt>
        <dd className={css.share}>{t.facts.total(f.int(reads.all))}</dd>
        <dd className={cx(css.latency, css.rate)}>{t.facts.rate(f.num(rate, 1))}</dd>
        <dd className={cx(css.latency, css.heading)} aria-hidden="true">
          p50
        </dd>
        <dd className={cx(css.latency, css.heading)} aria-hidden="true">
          p99
        </dd>
      </div>
      {tiers.map((tier) => (
        <div key={tier.name} className={css.fact}>
          <dt className={css.factName}>{tier.name}</dt>
          <dd className={css.share}>
            {reads.all > 0 ? t.facts.share(f.percent(tier.n / reads.all, 0), f.int(reads.all)) : t.facts.none}
          </dd>
          <Percentile name="p50" us={tier.latency?.p50_us} />
          <Percentile name="p99" us={tier.latency?.p99_us} />
        </div>
      ))}
    </dl>
  )
}

// On a phone the names stand once above, in the row of the requests.
function Percentile({ name, us }: { name: string; us: number | undefined }) {
  const f = useFormat()
  return (
    <dd className={css.latency}>
      {us !== undefined && (
        <>
          <span className={css.percentile}>{name} </span>
          {f.about(us)}
        </>
      )}
    </dd>
  )
}
