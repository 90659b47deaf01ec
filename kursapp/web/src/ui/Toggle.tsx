import type { ReactNode } from 'react'
import { cx } from '../lib/cx.ts'
import css from './Toggle.module.css'

/** A filter that is on or off. */
export function Toggle({ on, onChange, children }: { on: boolean; onChange(): void; children: ReactNode }) {
  return (
    <button type="button" className={cx(css.toggle, on && css.on)} aria-pressed={on} onClick={onChange}>
      {children}
    </button>
  )
}
