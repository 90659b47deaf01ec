import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useShared } from '../i18n/shared.ts'
import { cx } from '../lib/cx.ts'
import { Button } from './Button.tsx'
import css from './Dialog.module.css'

interface DialogProps {
  open: boolean
  onClose(): void
  title: ReactNode
  hint?: ReactNode
  /** `side` for details beside what they are about. */
  from?: 'middle' | 'side'
  children: ReactNode
  actions?: ReactNode
}

/** A dialog: keeps the focus, closes with Escape, gives the focus back. */
export function Dialog({ open, onClose, title, hint, from = 'middle', children, actions }: DialogProps) {
  const t = useShared()
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={css.backdrop} />
        <Base.Popup className={cx(css.popup, css[from])}>
          <header className={css.header}>
            <div className={css.heading}>
              <Base.Title className={css.title}>{title}</Base.Title>
              {hint && <Base.Description className={css.hint}>{hint}</Base.Description>}
            </div>
            <Base.Close
              render={<Button look="quiet" size="small" icon={<X />} aria-label={t.common.close} />}
            />
          </header>
          <div className={css.body}>{children}</div>
          {actions && <footer className={css.actions}>{actions}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

interface ConfirmProps {
  open: boolean
  onClose(): void
  onConfirm(): void
  title: ReactNode
  /** What will happen, and that it cannot be undone where that is so. */
  children: ReactNode
  /** What the button does, with the number: „3 löschen“. */
  action: string
  danger?: boolean
  busy?: boolean
}

/** Asks before something is done that cannot be undone. */
export function Confirm({ open, onClose, onConfirm, title, children, action, danger, busy }: ConfirmProps) {
  const t = useShared()
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      actions={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look={danger ? 'danger' : 'primary'} {...(busy && { busy })} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  )
}
