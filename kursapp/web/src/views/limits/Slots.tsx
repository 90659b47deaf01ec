import { useFormat } from '../../i18n/format.ts'
import { cx } from '../../lib/cx.ts'
import css from './limits.module.css'
import { useT } from './texts.ts'

// More than this and nobody counts them: a bar says it better.
const most = 40

interface SlotsProps {
  limit: number
  used: number
  /** How many of the last burst found no slot. */
  denied: number
}

/** The slots of a window: one for each request that it admits. */
export function Slots({ limit, used, denied }: SlotsProps) {
  const t = useT()
  const f = useFormat()
  const text = t.try.used(f.int(used), f.int(limit))
  return (
    <div className={css.slotBox}>
      <div>
        <p className={css.slotTitle}>{t.try.slots}</p>
        {limit > most ? (
          <div className={css.meter} role="img" aria-label={text}>
            <span style={{ width: `${(used / Math.max(1, limit)) * 100}%` }} />
          </div>
        ) : (
          <div className={css.slots} role="img" aria-label={text}>
            {Array.from({ length: limit }, (_, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a slot is its place
              <span key={i} className={cx(css.slot, i < used && css.taken)}>
                {i < used ? '✓' : i + 1}
              </span>
            ))}
          </div>
        )}
        <p className={css.slotText} aria-hidden="true">
          {text}
        </p>
      </div>
      {denied > 0 && (
        <div>
          <p className={css.slotTitle}>{t.try.denied}</p>
          <div className={css.slots} role="img" aria-label={`${f.int(denied)} ${t.try.refused}`}>
            {Array.from({ length: denied }, (_, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
              <span key={i} className={cx(css.slot, css.refused)}>
                ✕
              </span>
            ))}
          </div>
          <p className={css.slotText}>{t.try.costsNothing}</p>
        </div>
      )}
    </div>
  )
}
