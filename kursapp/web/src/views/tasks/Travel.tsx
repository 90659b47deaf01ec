import { useFormat } from '../../i18n/format.ts'
import { cx } from '../../lib/cx.ts'
import { Button } from '../../ui/Button.tsx'
import css from './tasks.module.css'
import { useT } from './texts.ts'
import type { Parcel, Whereabouts } from './travel.ts'

interface TravelProps {
  parcel: Parcel
  where: Whereabouts
  paused: boolean
  lostSight: boolean
  onTask(): void
}

/** The stations of a mail: enqueued, waiting, at a worker, delivered or dead. */
export function Travel({ parcel, where, paused, lostSight, onTask }: TravelProps) {
  const t = useT()
  const f = useFormat()
  const { stage } = where
  const over = stage === 'delivered' || stage === 'dead'
  const after = where.at === undefined ? '' : f.millis(Math.max(1, Math.round(where.at - parcel.sentAt)))
  // Where it is now among the four, and what is behind it.
  const at = over ? 3 : stage === 'running' ? 2 : 1
  const stations = [
    { name: t.mail.sent, note: f.clock(parcel.sentAt) },
    {
      name: stage === 'retrying' ? t.mail.retrying : t.mail.waiting,
      note:
        stage === 'retrying' && where.maxAttempts > 0
          ? t.mail.attempt(f.int(where.attempts + 1), f.int(where.maxAttempts))
          : '',
    },
    { name: t.mail.running, note: '' },
    {
      name: stage === 'dead' || (parcel.broken && stage !== 'delivered') ? t.mail.dead : t.mail.delivered,
      note: over && after ? t.mail.took(after) : '',
    },
  ]
  return (
    <section className={css.travel} aria-label={t.mail.travel}>
      <ol className={css.stations}>
        {stations.map((s, i) => (
          <li
            key={s.name}
            className={cx(
              css.station,
              i < at && css.passed,
              i === at && css.now,
              i === 3 && stage === 'dead' && css.stationBad,
            )}
            aria-current={i === at ? 'step' : undefined}
          >
            <span className={css.dot} aria-hidden="true">
              {i === 3 && stage === 'dead' ? '✕' : i < at || (i === 3 && over) ? '✓' : i + 1}
            </span>
            <span className={css.stationName}>{s.name}</span>
            <span className={css.stationNote}>{s.note}</span>
          </li>
        ))}
      </ol>
      <p className={css.travelText} role="status">
        {stage === 'delivered'
          ? after && t.mail.deliveredIn(after)
          : stage === 'dead'
            ? where.attempts > 0
              ? t.mail.deadAfter(f.int(where.attempts), where.attempts === 1)
              : t.mail.deadPlain
            : lostSight
              ? t.mail.lostSight
              : paused
                ? t.mail.pausedNow
                : ''}
      </p>
      {where.error && stage !== 'delivered' && <p className={css.momentError}>{where.error}</p>}
      {stage === 'delivered' && <p className={css.small}>{t.mail.tooFast}</p>}
      {(stage === 'dead' || stage === 'retrying' || lostSight) && (
        <Button size="small" onClick={onTask}>
          {t.mail.toDead}
        </Button>
      )}
    </section>
  )
}
