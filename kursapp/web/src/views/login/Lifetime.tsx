import { useFormat } from '../../i18n/format.ts'
import { useShared } from '../../i18n/shared.ts'
import { serverNow, useServerNow } from '../../lib/clock.ts'
import css from './Lifetime.module.css'

interface LifetimeProps {
  /** What ends, said before the time that is left. */
  label: string
  /** When, on the server's clock. */
  endsAt: number
  /** How long it lives in all, in milliseconds. */
  of: number
  hint?: string
  /** In one line, for lists. */
  small?: boolean
}

/** What is left of a session, running down on the server's clock. Ink, as a session is no answer of a tier. */
export function Lifetime({ label, endsAt, of, hint, small }: LifetimeProps) {
  const t = useShared()
  const f = useFormat()
  const now = useServerNow(endsAt > serverNow())
  const left = Math.max(0, endsAt - now)
  const share = Math.min(1, left / Math.max(of, 1))
  return (
    <div className={small ? css.small : css.lifetime}>
      <span className={css.label}>{label}</span>
      <span className={css.left} role="timer" aria-label={label}>
        {left > 0 ? f.span(left) : t.common.gone}
      </span>
      <span className={css.track} aria-hidden="true">
        <span className={css.bar} style={{ scale: `${share} 1` }} />
      </span>
      {hint && <span className={css.hint}>{hint}</span>}
    </div>
  )
}
