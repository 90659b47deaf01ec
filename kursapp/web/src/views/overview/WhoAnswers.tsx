import { ArrowRight } from 'lucide-react'
import { Link } from 'wouter'
import { useFormat } from '../../i18n/format.ts'
import { cx } from '../../lib/cx.ts'
import { useMedia } from '../../lib/useMedia.ts'
import { lastOf, readsOf, tierLatency } from '../../live/figures.ts'
import { useDatabaseName, usePresent } from '../../live/present.ts'
import { useLive } from '../../live/store.ts'
import { Card } from '../../ui/Card.tsx'
import { Unknown } from '../../ui/States.tsx'
import { Track } from '../../ui/Track.tsx'
import { glyph } from '../../ui/tone.ts'
import css from './overview.module.css'
import { useT } from './texts.ts'

/** The path in small: how far the requests of the last minute had to go. */
export function WhoAnswers() {
  const t = useT()
  const f = useFormat()
  const db = useDatabaseName()
  const narrow = useMedia('(max-width: 760px)')
  const { known, since } = usePresent()
  const samples = useLive((l) => l.samples)
  const redisGone = useLive((l) => l.status?.redis.ok === false)
  const databaseGone = useLive((l) => l.status?.database.ok === false)
  const minute = lastOf(samples, 60_000)
  const reads = readsOf(minute)
  const share = (n: number) => (reads.all > 0 ? n / reads.all : 0)
  const toRedis = share(reads.all - reads.local)
  const toDatabase = share(reads.database + reads.stale + reads.error)

  const stations = [
    { tone: undefined, name: t.path.requests, n: reads.all, p50: undefined },
    {
      tone: 'local',
      name: narrow ? t.path.localShort : t.path.local,
      n: reads.local,
      p50: tierLatency(minute, 'local'),
    },
    { tone: 'redis', name: t.path.redis, n: reads.redis, p50: tierLatency(minute, 'redis') },
    {
      tone: 'database',
      name: narrow && db === 'PostgreSQL' ? t.path.postgresShort : db,
      n: reads.database,
      p50: tierLatency(minute, 'database'),
    },
  ] as const
  const beside = [
    reads.stale > 0 && t.path.stale(f.int(reads.stale)),
    reads.error > 0 && t.path.errors(f.int(reads.error)),
  ].filter(Boolean)

  return (
    <Card
      title={t.path.title}
      hint={
        known ? (
          [t.path.hint(f.int(reads.all)), ...beside].join(', ')
        ) : since ? (
          <Unknown since={since} />
        ) : (
          '…'
        )
      }
      aside={
        <Link href="/cache" className={css.more}>
          {t.path.toCache}
          <ArrowRight aria-hidden="true" />
        </Link>
      }
    >
      <Track
        className={css.path}
        reach={known && reads.all > 0 ? [1, toRedis, toDatabase] : undefined}
        broken={[...(redisGone ? [2] : []), ...(databaseGone ? [3] : [])]}
      >
        {stations.map((s) => (
          <div key={s.name} className={css.station}>
            <span
              className={cx(
                css.node,
                s.tone && css[s.tone],
                ((s.tone === 'redis' && redisGone) ||
                  (s.tone === 'local' && redisGone) ||
                  (s.tone === 'database' && databaseGone)) &&
                  css.gone,
              )}
            >
              {s.tone && (
                <span className={css.nodeGlyph} aria-hidden="true">
                  {glyph[s.tone]}
                </span>
              )}
              {!known || reads.all === 0 ? '–' : s.tone ? f.percent(share(s.n), 0) : f.int(reads.all)}
            </span>
            <span className={css.stationName}>{s.name}</span>
            <span className={css.stationBase}>
              {known && s.p50
                ? narrow
                  ? f.about(s.p50.p50_us)
                  : t.path.p50(f.about(s.p50.p50_us))
                : '\u00a0'}
            </span>
          </div>
        ))}
      </Track>
    </Card>
  )
}
