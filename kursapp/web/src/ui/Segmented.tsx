import { useId } from 'react'
import css from './Segmented.module.css'

interface SegmentedProps<T extends string> {
  label: string
  value: T
  onChange: (value: T) => void
  options: readonly { value: T; label: string }[]
}

/** One of a few choices: native radio buttons, so that the arrow keys work. */
export function Segmented<T extends string>({ label, value, onChange, options }: SegmentedProps<T>) {
  const name = useId()
  return (
    <fieldset className={css.group}>
      <legend className="sr-only">{label}</legend>
      {options.map((o) => (
        <label key={o.value} className={css.option}>
          <input
            type="radio"
            name={name}
            className={css.radio}
            checked={o.value === value}
            onChange={() => onChange(o.value)}
          />
          <span className={css.word}>{o.label}</span>
        </label>
      ))}
    </fieldset>
  )
}
