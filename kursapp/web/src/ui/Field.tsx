import { type ComponentProps, type ReactNode, useId } from 'react'
import { cx } from '../lib/cx.ts'
import css from './Field.module.css'

interface Common {
  label: string
  hint?: ReactNode
  /** What is wrong with it, '' where nothing is. */
  error?: string | undefined
  /** The label is there for screen readers alone. */
  labelHidden?: boolean
}

function Frame({
  id,
  label,
  hint,
  error,
  labelHidden,
  className,
  children,
}: Common & { id: string; className?: string | undefined; children: ReactNode }) {
  return (
    <div className={cx(css.field, className)}>
      <label htmlFor={id} className={labelHidden ? 'sr-only' : css.label}>
        {label}
      </label>
      {children}
      {hint && (
        <p id={`${id}-hint`} className={css.hint}>
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className={css.error}>
          <span aria-hidden="true">✕ </span>
          {error}
        </p>
      )}
    </div>
  )
}

const described = (id: string, c: Common) =>
  [c.hint && `${id}-hint`, c.error && `${id}-error`].filter(Boolean).join(' ') || undefined

/** A text field with its label. */
export function TextField({
  label,
  hint,
  error,
  labelHidden,
  className,
  ...rest
}: Common & ComponentProps<'input'>) {
  const id = useId()
  return (
    <Frame
      id={id}
      label={label}
      hint={hint}
      error={error}
      {...(labelHidden && { labelHidden })}
      className={className}
    >
      <input
        {...rest}
        id={id}
        className={css.input}
        aria-invalid={error ? true : undefined}
        aria-describedby={described(id, { label, hint, error })}
      />
    </Frame>
  )
}

/** A native select with its label. */
export function SelectField({
  label,
  hint,
  error,
  labelHidden,
  className,
  ...rest
}: Common & ComponentProps<'select'>) {
  const id = useId()
  return (
    <Frame
      id={id}
      label={label}
      hint={hint}
      error={error}
      {...(labelHidden && { labelHidden })}
      className={className}
    >
      <select
        {...rest}
        id={id}
        className={cx(css.input, css.select)}
        aria-describedby={described(id, { label, hint, error })}
      />
    </Frame>
  )
}
