import type { ReactNode } from 'react'
import { cx } from '../lib/cx.ts'
import css from './Chip.module.css'
import { glyph, type Tone } from './tone.ts'

interface ChipProps {
  /** Without one the chip is neutral. */
  tone?: Tone
  /** Another glyph than the tone's; '' for none. */
  mark?: string
  children: ReactNode
  /** Why, as in MISS · kalt. */
  reason?: ReactNode
  title?: string
}

/** A state as glyph, word and colour. */
export function Chip({ tone, mark, children, reason, title }: ChipProps) {
  const shown = mark ?? (tone ? glyph[tone] : '')
  return (
    <span className={cx(css.chip, tone && css[tone])} title={title}>
      {shown && (
        <span className={css.glyph} aria-hidden="true">
          {shown}
        </span>
      )}
      <span>{children}</span>
      {reason && <span className={css.reason}>{reason}</span>}
    </span>
  )
}
