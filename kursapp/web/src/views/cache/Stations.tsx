import type { Inspection } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { cx } from '../../lib/cx.ts'
import { useMedia } from '../../lib/useMedia.ts'
import { lastOf, readsOf } from '../../live/figures.ts'
import { useDatabaseName, usePresent } from '../../live/present.ts'
import { useLive } from '../../live/store.ts'
import { Track } from '../../ui/Track.tsx'
import { glyph, type Tone } from '../../ui/tone.ts'
import { Box } from './Box.tsx'
import { Facts } from './Facts.tsx'
import { Passers } from './Passers.tsx'
import css from './Stage.module.css'
import { useT } from './texts.ts'
import type { Does, Station, Step } from './trace.ts'
import { travel } from './usePlayer.ts'

interface StationsProps {
  /** The steps up to the present one. */
  steps: readonly Step[]
  /** There is a story to tell. */
  told: boolean
  done: boolean
  tone: Tone | undefined
  inspection: Inspection | undefined
  /** What the boxes hold while the story is told. */
  slots: { local: boolean; redis: boolean } | undefined
  redisGone: boolean
  databaseGone: boolean
  user: number
}

// Above so many requests a second dots would be a blur: the ways have widths instead.
const fewPerSecond = 5

/** The four stations, the dot on its way, and what goes on besides. */
export function Stations(p: StationsProps) {
  const t = useT()
  const f = useFormat()
  const db = useDatabaseName()
  const narrow = useMedia('(max-width: 760px)')
  const { known } = usePresent()
  const samples = useLive((l) => l.samples)
  const ten = lastOf(samples, 10_000)
  const reads = readsOf(ten)
  const rate = reads.all / Math.max(1, ten.length)
  const busy = known && rate > fewPerSecond
  const reach = busy
    ? [1, (reads.all - reads.local) / reads.all, (reads.database + reads.stale + reads.error) / reads.all]
    : undefined

  const here = p.steps.at(-1)
  const names = [t.station.request, narrow ? t.station.localShort : t.station.local, t.station.redis, db]
  return (
    <>
      <Track
        className={css.track}
        reach={reach}
        broken={[...(p.redisGone ? [2] : []), ...(p.databaseGone ? [3] : [])]}
      >
        {!busy && <Passers user={p.user} />}
        {p.told && here && (
          <span
            className={cx(
              css.dot,
              p.tone && here.does !== 'ask' && (p.done || returning(p.steps)) && css[p.tone],
            )}
            style={{
              left: `${12.5 + here.at * 25}%`,
              transitionDuration: `${travel(p.steps.at(-2), here)}ms`,
            }}
            aria-hidden="true"
          />
        )}
        {names.map((name, i) => {
          const at = i as Station
          const gone = (p.redisGone && (at === 1 || at === 2)) || (p.databaseGone && at === 3)
          const does = lastAt(p.steps, at)
          const asked = at === 0 || does !== undefined
          return (
            <div key={at} className={css.station}>
              <span
                className={cx(
                  css.stop,
                  at === 0 && css.home,
                  does && css[does],
                  does === 'found' && p.tone && css[p.tone],
                  here?.at === at && p.told && css.here,
                  gone && css.gone,
                )}
                aria-hidden="true"
              >
                {here?.at === at && p.told ? '' : markOf(does, p.tone)}
              </span>
              <h3 className={cx(css.name, p.told && p.done && !asked && css.dim)}>{name}</h3>
              <Box
                at={at}
                inspection={p.inspection}
                slots={p.slots}
                gone={gone}
                notAsked={p.told && p.done && !asked}
              />
            </div>
          )
        })}
      </Track>
      <Facts names={names} />
      <p className={css.note}>{busy ? t.facts.widths : known && reads.all > 0 ? t.facts.dots : '\u00a0'}</p>
      <span className="sr-only">{known ? t.facts.rate(f.num(rate, 0)) : ''}</span>
    </>
  )
}

// The dot has the colour of who answered once it is on its way back.
function returning(steps: readonly Step[]): boolean {
  return steps.some((s) => s.does === 'found' || s.does === 'read' || s.does === 'joined')
}

function lastAt(steps: readonly Step[], at: Station): Does | undefined {
  return steps.findLast((s) => s.at === at && s.does !== 'answer')?.does
}

function markOf(does: Does | undefined, tone: Tone | undefined): string {
  switch (does) {
    case 'found':
      return tone ? glyph[tone] : '✓'
    case 'absent':
      return '–'
    case 'read':
    case 'joined':
      return glyph.database
    case 'write':
      return '✎'
    case 'fill':
      return '+'
    case 'drop':
      return '−'
    case 'gone':
    case 'failed':
      return '✕'
    default:
      return ''
  }
}
