import type { ReactNode } from 'react'
import { ApiError, NetworkError } from '../api/errors.ts'
import { useFormat } from '../i18n/format.ts'
import { useShared } from '../i18n/shared.ts'
import { Button } from './Button.tsx'
import css from './States.module.css'

interface StateProps {
  glyph?: string
  title: ReactNode
  hint?: ReactNode
  action?: ReactNode
}

function State({ glyph, title, hint, action }: StateProps) {
  return (
    <div className={css.state}>
      {glyph && (
        <span className={css.glyph} aria-hidden="true">
          {glyph}
        </span>
      )}
      <p className={css.title}>{title}</p>
      {hint && <p className={css.hint}>{hint}</p>}
      {action && <div className={css.action}>{action}</div>}
    </div>
  )
}

/** Nothing is there yet, and what to do so that something is. */
export function Empty(props: Omit<StateProps, 'glyph'>) {
  return <State {...props} />
}

/** Grey lines where contents will stand. Not to be mistaken for 0 or unknown. */
export function Loading({ lines = 3 }: { lines?: number }) {
  const t = useShared()
  return (
    <div className={css.loading} aria-busy="true">
      <span className="sr-only">{t.state.loading}</span>
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all the same
        <span key={i} className={css.line} aria-hidden="true" />
      ))}
    </div>
  )
}

/** What went wrong, in the person's language, and a way on. Tells a refusal from a silent server. */
export function Failed({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const t = useShared()
  const text = useErrorText()
  const offline = error instanceof NetworkError
  const again = retry && (
    <Button size="small" onClick={retry}>
      {t.state.retry}
    </Button>
  )
  const title = offline ? t.state.offline : error instanceof ApiError ? error.title : t.state.failed
  return <State glyph="✕" title={title} hint={offline ? t.state.offlineHint : text(error)} action={again} />
}

/** An error as one sentence for a person. */
export function useErrorText(): (error: unknown) => string {
  const t = useShared()
  return (error) => {
    if (error instanceof ApiError) return error.message
    if (error instanceof NetworkError) return t.state.network
    return t.state.unreadable
  }
}

/** A figure that nobody knows now. It is never 0. */
export function Unknown({ since }: { since: number | undefined }) {
  const t = useShared()
  const f = useFormat()
  return <span className={css.unknown}>{since ? t.state.unknownSince(f.clock(since)) : t.state.unknown}</span>
}
