import { useMemo, useRef } from 'react'
import { useFormat } from '../../i18n/format.ts'
import { useShared } from '../../i18n/shared.ts'
import { useUrlState } from '../../lib/urlState.ts'
import { live, useLive } from '../../live/store.ts'
import { useQuiet } from '../../live/useQuiet.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { EventRow } from '../../ui/EventRow.tsx'
import { Fresh } from '../../ui/Fresh.tsx'
import { Empty, Loading } from '../../ui/States.tsx'
import { Toggle } from '../../ui/Toggle.tsx'
import { fits, kinds, kindsIn, kindsText } from './filter.ts'
import css from './Log.module.css'
import { useT } from './texts.ts'
import { keyOf } from './useInspection.ts'

/** What happens in the cache, as it happens. It stands still for whoever reads it. */
export function Log({ user }: { user: number }) {
  const t = useT()
  const shared = useShared()
  const f = useFormat()
  const [url, setUrl] = useUrlState()
  const state = useLive((l) => l.state)
  const paused = useLive((l) => l.paused)
  const leftOut = useLive((l) => l.leftOut)
  const all = useLive((l) => l.events)
  const wantedText = url.get('art')
  const only = url.get('nur') === '1'
  const box = useRef<HTMLOListElement>(null)

  const wanted = useMemo(() => kindsIn(wantedText), [wantedText])
  const fitting = useMemo(
    () => all.filter((e) => fits(e, wanted, only ? keyOf(user) : undefined)),
    [all, wanted, only, user],
  )
  const { events, held, show, hold } = useQuiet(fitting)
  const filtered = wantedText !== null || only

  const toggle = (kind: (typeof kinds)[number]) => {
    const next = new Set(wanted)
    // From all, the first choice is that one alone.
    if (wanted.size === kinds.length) {
      next.clear()
      next.add(kind)
    } else if (!next.delete(kind)) next.add(kind)
    setUrl({ art: kindsText(next) }, 'replace')
  }
  const showNew = () => {
    show()
    if (box.current) box.current.scrollTop = 0
  }
  return (
    <Card
      flush
      title={t.log.title}
      aside={
        <>
          <Fresh n={held} onShow={showNew} />
          <Button size="small" aria-pressed={paused} onClick={() => live.pause(!paused)}>
            {paused ? shared.live.resume : shared.live.pause}
          </Button>
        </>
      }
    >
      <div className={css.filter} role="group" aria-label={t.log.filter}>
        {kinds.map((kind) => (
          <Toggle
            key={kind}
            on={wanted.has(kind) && wanted.size < kinds.length}
            onChange={() => toggle(kind)}
          >
            {t.log.kinds[kind]}
          </Toggle>
        ))}
        <Toggle on={only} onChange={() => setUrl({ nur: only ? undefined : '1' }, 'replace')}>
          {t.log.only}
        </Toggle>
      </div>
      {events.length > 0 ? (
        // A box that scrolls must be reachable with the keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        <ol ref={box} className={css.list} aria-label={t.log.label} tabIndex={0} {...hold}>
          {events.toReversed().map((e) => (
            <EventRow key={e.seq} event={e} />
          ))}
        </ol>
      ) : state === 'connecting' ? (
        <Loading lines={6} />
      ) : filtered ? (
        <Empty
          title={t.log.filtered}
          action={
            <Button size="small" onClick={() => setUrl({ art: undefined, nur: undefined }, 'replace')}>
              {t.log.clear}
            </Button>
          }
        />
      ) : (
        <Empty title={t.log.none} />
      )}
      {leftOut > 0 && <p className={css.left}>{shared.live.leftOut(f.int(leftOut))}</p>}
    </Card>
  )
}
