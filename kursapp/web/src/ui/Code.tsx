import css from './Code.module.css'
import { CopyButton } from './CopyButton.tsx'

/** A piece of text from a machine, with a button that copies it. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <figure className={css.code} aria-label={label}>
      <pre className={css.text}>{text}</pre>
      <CopyButton text={text} />
    </figure>
  )
}
