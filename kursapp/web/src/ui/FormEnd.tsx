import type { ReactNode } from 'react'
import { useFormat } from '../i18n/format.ts'
import { useServerNow } from '../lib/clock.ts'
import { Button } from './Button.tsx'
import css from './FormEnd.module.css'
import type { Form } from './useForm.ts'

interface FormEndProps<N extends string> {
  form: Form<N>
  /** What the button does. */
  action: string
  icon?: ReactNode
  look?: 'primary' | 'plain'
  /** More beside the button. */
  children?: ReactNode
}

/** The end of a form: what is wrong with it, and the button. Where the server wants to be left alone, it counts down. */
export function FormEnd<N extends string>({
  form,
  action,
  icon,
  look = 'primary',
  children,
}: FormEndProps<N>) {
  const f = useFormat()
  const now = useServerNow(form.waitUntil > 0)
  const left = form.waitUntil - now
  const waits = left > 0
  return (
    <div className={css.end}>
      {form.message && (
        <p className={css.message}>
          <span aria-hidden="true">✕ </span>
          {form.message}
        </p>
      )}
      <div className={css.row}>
        <Button type="submit" look={look} icon={icon} busy={form.busy} aria-disabled={waits || undefined}>
          {action}
          {waits && <span className={css.left}>{f.span(left + 999)}</span>}
        </Button>
        {children}
      </div>
    </div>
  )
}
