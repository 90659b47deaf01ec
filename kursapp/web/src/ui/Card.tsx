import { type ReactNode, useId } from 'react'
import { cx } from '../lib/cx.ts'
import css from './Card.module.css'

interface CardProps {
  title?: ReactNode
  /** What stands at the right of the title. */
  aside?: ReactNode
  /** One quiet line under the title. */
  hint?: ReactNode
  /** Contents that reach the edges, such as tables. */
  flush?: boolean
  className?: string | undefined
  children: ReactNode
}

/** A part of a view, with a heading that names it. */
export function Card({ title, aside, hint, flush, className, children }: CardProps) {
  const id = useId()
  return (
    <section className={cx(css.card, className)} aria-labelledby={title ? id : undefined}>
      {(title || aside) && (
        <header className={css.header}>
          <div className={css.heading}>
            {title && <h2 id={id}>{title}</h2>}
            {hint && <p className={css.hint}>{hint}</p>}
          </div>
          {aside && <div className={css.aside}>{aside}</div>}
        </header>
      )}
      <div className={flush ? css.flush : css.body}>{children}</div>
    </section>
  )
}
