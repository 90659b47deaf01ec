import { X } from 'lucide-react'
import { useShared } from '../i18n/shared.ts'
import { cx } from '../lib/cx.ts'
import { Button } from './Button.tsx'
import css from './Toaster.module.css'
import { dismiss, useAnnouncement, useToasts } from './toasts.ts'

/** Shows toasts, and speaks them in the page's one live region. */
export function Toaster() {
  const t = useShared()
  const toasts = useToasts()
  const spoken = useAnnouncement()
  return (
    <>
      <div className="sr-only" role="status" aria-live="polite">
        {spoken}
      </div>
      <ol className={css.stack}>
        {toasts.map((item) => (
          <li key={item.id} className={cx(css.toast, item.bad && css.bad)}>
            <span className={css.glyph} aria-hidden="true">
              {item.bad ? '✕' : '✓'}
            </span>
            <span className={css.text}>{item.text}</span>
            <Button
              look="quiet"
              size="small"
              icon={<X />}
              aria-label={t.common.dismiss}
              onClick={() => dismiss(item.id)}
            />
          </li>
        ))}
      </ol>
    </>
  )
}
