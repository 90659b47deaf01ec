import { useShared } from '../i18n/shared.ts'
import css from './Brand.module.css'

/** The product's mark: three ways of three lengths. */
export function Brand({ mode }: { mode: 'demo' | 'production' | undefined }) {
  const t = useShared()
  return (
    <div className={css.brand}>
      <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
        <g strokeWidth="2.4" strokeLinecap="round">
          <path d="M3 5h4.5" stroke="var(--local)" />
          <path d="M3 10h9" stroke="var(--redis)" />
          <path d="M3 15h14" stroke="var(--database)" />
        </g>
      </svg>
      <span className={css.name}>kursapp</span>
      {mode === 'demo' && <span className={css.mode}>{t.shell.demo}</span>}
    </div>
  )
}
