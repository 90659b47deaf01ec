import type { Inspection } from '../../api/types.ts'
import { cx } from '../../lib/cx.ts'
import { Ttl } from '../../ui/Ttl.tsx'
import css from './Stage.module.css'
import { useT } from './texts.ts'
import type { Station } from './trace.ts'

interface BoxProps {
  at: Station
  inspection: Inspection | undefined
  slots: { local: boolean; redis: boolean } | undefined
  gone: boolean
  notAsked: boolean
}

// How long entries live; that nobody exists is remembered for less.
const entryTtl = 60_000
const absenceTtl = 10_000

/** What a station holds for the key: a slot that is filled on the way back, and runs out. */
export function Box({ at, inspection, slots, gone, notAsked }: BoxProps) {
  const t = useT()
  const aside = notAsked && !gone ? t.box.notAsked : ''
  if (at === 0) return null
  if (at === 3) return <p className={css.boxWord}>{gone ? t.box.unreachable : aside || t.box.source}</p>
  if (gone) return <p className={cx(css.slot, css.hatched)}>{at === 1 ? t.box.off : t.box.unreachable}</p>
  if (!inspection) return <p className={css.slot}>…</p>

  const which = at === 1 ? 'local' : 'redis'
  const { local, redis } = inspection
  if (at === 1 && !(local.enabled && local.ready))
    return <p className={cx(css.slot, css.hatched)}>{t.box.off}</p>
  const present = at === 1 ? local.present : redis?.present === true
  const ttl = at === 1 ? local.ttl_ms : (redis?.ttl_ms ?? 0)
  const absence = at === 1 ? local.absent : redis?.absent === true
  const filled = slots ? slots[which] : present
  // During the story the time left is of no interest, and not known for what is to come.
  const runs = present && !slots
  return (
    <div className={css.boxed}>
      <div className={cx(css.slot, filled && css.filled, filled && css[which])}>
        {filled ? (absence ? t.box.absence : t.box.held) : redis?.loading ? t.box.loading : t.box.empty}
      </div>
      {runs ? (
        <Ttl
          endsAt={inspection.now + ttl}
          of={Math.max(ttl, absence ? absenceTtl : entryTtl)}
          tone={which}
          label={at === 1 ? t.box.ttlLocal : t.box.ttlRedis}
        />
      ) : (
        <p className={css.boxWord}>{'\u00a0'}</p>
      )}
      <p className={css.boxWord}>{aside || '\u00a0'}</p>
    </div>
  )
}
