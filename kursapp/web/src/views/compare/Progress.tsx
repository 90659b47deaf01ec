import type { Tier } from '../../api/types.ts'
import { cx } from '../../lib/cx.ts'
import { Button } from '../../ui/Button.tsx'
import css from './compare.module.css'
import { useT } from './texts.ts'

interface ProgressProps {
  /** One part for each way, in their order. */
  parts: readonly { tier: Tier; share: number }[]
  text: string
  busy: boolean
  cancel(): void
}

/** How far a measurement is, and the way out of it. */
export function Progress({ parts, text, busy, cancel }: ProgressProps) {
  const t = useT()
  const whole = parts.reduce((sum, p) => sum + p.share, 0) / Math.max(1, parts.length)
  return (
    <div className={css.progress}>
      <div
        className={css.rail}
        role="progressbar"
        aria-label={t.running}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(whole * 100)}
        aria-valuetext={text}
      >
        {parts.map((p, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the ways keep their order
          <span key={i} className={cx(css.railPart, css[p.tier])}>
            <span style={{ width: `${p.share * 100}%` }} />
          </span>
        ))}
      </div>
      <p className={css.progressText}>{text}</p>
      <Button busy={busy} onClick={cancel}>
        {t.cancel}
      </Button>
    </div>
  )
}
