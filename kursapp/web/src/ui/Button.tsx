import type { ComponentProps, ReactNode } from 'react'
import { cx } from '../lib/cx.ts'
import css from './Button.module.css'

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'type'> {
  /** `primary` at most once in a view; `danger` for what cannot be undone. */
  look?: 'primary' | 'plain' | 'quiet' | 'danger'
  size?: 'small' | 'normal'
  icon?: ReactNode
  /** Something is under way: the button stays where it is, and a second press does nothing. */
  busy?: boolean
  type?: 'button' | 'submit'
}

/** A button. One with an icon alone needs an aria-label. */
export function Button({
  look = 'plain',
  size = 'normal',
  icon,
  busy,
  type = 'button',
  children,
  className,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      aria-busy={busy || undefined}
      aria-disabled={busy || rest['aria-disabled'] || undefined}
      className={cx(css.button, css[look], css[size], !children && css.square, busy && css.busy, className)}
      onClick={busy ? (e) => e.preventDefault() : onClick}
    >
      {busy ? <span className={css.spinner} aria-hidden="true" /> : icon}
      {children}
    </button>
  )
}
