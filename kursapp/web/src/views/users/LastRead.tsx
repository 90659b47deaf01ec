import { Link } from 'wouter'
import { Button } from '../../ui/Button.tsx'
import { Chip } from '../../ui/Chip.tsx'
import { useErrorText } from '../../ui/States.tsx'
import type { Source } from './answer.ts'
import { SourceChip } from './SourceChip.tsx'
import { useT } from './texts.ts'
import css from './users.module.css'

/** What became of the cache entry: a change removed it, and the first read after that refilled it. */
export type Entry = 'known' | 'removed' | 'refilled'

interface LastReadProps {
  id: number
  source: Source | undefined
  error: unknown
  busy: boolean
  entry: Entry
  read(): void
}

/** Who answered the last read; after a change, that nobody can any more but the database. */
export function LastRead({ id, source, error, busy, entry, read }: LastReadProps) {
  const t = useT()
  const text = useErrorText()
  const removed = entry === 'removed'
  return (
    <section className={css.read} aria-label={t.read.title}>
      <div className={css.readText}>
        {removed ? (
          <>
            <p className={css.readHead}>
              <Chip mark="✓">{t.one.saved}</Chip>
            </p>
            <p className={css.note}>
              {t.one.savedHint}{' '}
              <Link href={`/cache?user=${id}`} className={css.link}>
                {t.one.toCache}
              </Link>
            </p>
          </>
        ) : source ? (
          <>
            <p className={css.readHead}>
              <span className={css.note}>{t.read.title}</span>
              <SourceChip source={source} invalidated={entry === 'refilled'} />
            </p>
            <p className={css.note}>{t.read[source.by]}</p>
          </>
        ) : null}
        {error ? <p className={css.wrong}>✕ {text(error)}</p> : null}
      </div>
      <Button size="small" busy={busy} onClick={read}>
        {t.read.again}
      </Button>
    </section>
  )
}
