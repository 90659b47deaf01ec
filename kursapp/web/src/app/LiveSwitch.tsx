import { Pause, Play } from 'lucide-react'
import { useFormat } from '../i18n/format.ts'
import { useShared } from '../i18n/shared.ts'
import { cx } from '../lib/cx.ts'
import { live, useLive } from '../live/store.ts'
import { Button } from '../ui/Button.tsx'
import css from './LiveSwitch.module.css'

/** How live the page is, and the one switch that stops it: it holds for all views. */
export function LiveSwitch() {
  const t = useShared()
  const f = useFormat()
  const state = useLive((l) => l.state)
  const since = useLive((l) => l.lostSince)
  const paused = useLive((l) => l.paused)
  const held = useLive((l) => l.held)
  if (state === 'off') return <span className={css.box} />
  const look = state === 'live' && paused ? 'paused' : state
  const title = state === 'lost' && since ? t.live.lostSince(f.clock(since)) : undefined
  return (
    <div className={css.box}>
      <span className={css.state} title={title}>
        <span className={cx(css.dot, css[look])} aria-hidden="true" />
        <span className={css.word}>
          {look === 'live'
            ? t.live.live
            : look === 'paused'
              ? t.live.paused
              : look === 'lost'
                ? t.live.lost
                : t.live.connecting}
        </span>
      </span>
      <Button
        look="quiet"
        size="small"
        icon={paused ? <Play /> : <Pause />}
        aria-pressed={paused}
        aria-label={paused ? t.live.resume : t.live.pause}
        title={paused ? t.live.resume : t.live.pause}
        onClick={() => live.pause(!paused)}
      />
      {paused && held > 0 && (
        <Button size="small" onClick={live.showHeld}>
          {t.live.fresh(f.int(held), held === 1)}
        </Button>
      )}
    </div>
  )
}
