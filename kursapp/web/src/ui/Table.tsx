import type { ComponentProps } from 'react'
import { cx } from '../lib/cx.ts'
import css from './Table.module.css'

interface TableProps extends ComponentProps<'table'> {
  /** What the table holds, for those who do not see where it stands. */
  label: string
}

/** A native table that scrolls sideways in its own box where there is no room. */
export function Table({ label, className, ...rest }: TableProps) {
  return (
    // A box that scrolls must be reachable with the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section className={css.box} aria-label={label} tabIndex={0}>
      <table {...rest} aria-label={label} className={cx(css.table, className)} />
    </section>
  )
}
