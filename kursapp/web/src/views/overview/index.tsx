import { useFormat } from '../../i18n/format.ts'
import { hitRatio, lastOf, latencyOver, readsOf } from '../../live/figures.ts'
import { useDatabaseName, usePresent } from '../../live/present.ts'
import { useLive } from '../../live/store.ts'
import { Page } from '../../ui/Page.tsx'
import { Charts } from './Charts.tsx'
import { Features } from './Features.tsx'
import { Figures } from './Figures.tsx'
import { healthOf } from './health.ts'
import { LatestEvents } from './LatestEvents.tsx'
import css from './overview.module.css'
import { Parts } from './Parts.tsx'
import { useT } from './texts.ts'
import { WhoAnswers } from './WhoAnswers.tsx'

export default function Overview() {
  const t = useT()
  return (
    <Page title={t.title}>
      <Sentence />
      <Parts />
      <WhoAnswers />
      <Figures />
      <Charts />
      <div className={css.columns}>
        <LatestEvents />
        <Features />
      </div>
    </Page>
  )
}

// Whether all is well, in words.
function Sentence() {
  const t = useT()
  const f = useFormat()
  const db = useDatabaseName()
  const { known, since } = usePresent()
  const status = useLive((l) => l.status)
  const samples = useLive((l) => l.samples)
  const health = healthOf({ known, since, status })
  const minute = lastOf(samples, 60_000)
  const say = () => {
    switch (health.is) {
      case 'waiting':
        return t.sentence.waiting
      case 'lost':
        return t.sentence.lost(f.clock(health.since))
      case 'database':
      case 'redis':
        return t.sentence[health.is](f.clock(health.since), db)
      case 'worker':
        return t.sentence.worker
      case 'fine': {
        const ratio = hitRatio(readsOf(minute))
        const all = latencyOver(minute.flatMap((s) => Object.values(s.latency)))
        return ratio === undefined || !all
          ? t.sentence.idle
          : t.sentence.fine(f.percent(ratio), f.about(all.p50_us))
      }
    }
  }
  const bad = health.is === 'lost' || health.is === 'database' || health.is === 'redis'
  return (
    <p className={css.sentence}>
      {bad && (
        <span className={css.bad} aria-hidden="true">
          ✕{' '}
        </span>
      )}
      {say()}
    </p>
  )
}
