import { useFormat } from '../../i18n/format.ts'
import { useShared } from '../../i18n/shared.ts'
import { Chip } from '../../ui/Chip.tsx'
import { useErrorText } from '../../ui/States.tsx'
import css from './Stage.module.css'
import { useT } from './texts.ts'
import type { Result } from './useActions.ts'
import { durationWords, sentenceOf } from './words.ts'

interface HeadlineProps {
  result: Result | undefined
  redisGone: boolean
  db: string
}

/** The one sentence: who answered, who was not asked, how long it took. */
export function Headline({ result, redisGone, db }: HeadlineProps) {
  const t = useT()
  const f = useFormat()
  const shared = useShared()
  const errorText = useErrorText()

  if (!result) {
    return (
      <div className={css.headline}>
        <p className={css.sentence}>{redisGone ? t.sentence.redisGone(db) : t.sentence.start}</p>
      </div>
    )
  }
  if (result.error !== undefined) {
    return (
      <div className={css.headline}>
        <Chip tone="error">{shared.chip.error}</Chip>
        <p className={css.sentence}>{errorText(result.error)}</p>
      </div>
    )
  }
  const { trace, stampede } = result
  if (stampede) {
    const waited = stampede.collapsed > 0 && t.sentence.stampedeRest(f.int(stampede.collapsed))
    const cached =
      stampede.from_redis + stampede.from_local > 0 &&
      t.sentence.stampedeFrom(f.int(stampede.from_redis), f.int(stampede.from_local))
    const errors = stampede.errors > 0 && t.sentence.stampedeErrors(f.int(stampede.errors))
    return (
      <div className={css.headline}>
        <p className={css.sentence}>
          {t.sentence.stampede(f.int(stampede.readers), f.int(stampede.loads), stampede.loads === 1)}{' '}
          <span className={css.took}>{f.micros(stampede.duration_us)}</span>
        </p>
        <p className={css.rest}>{[waited, cached, errors].filter(Boolean).join(' ')}</p>
      </div>
    )
  }
  if (!trace) return null
  const reason = trace.outcome.is === 'database' ? t.reason[trace.outcome.reason] : undefined
  return (
    <div className={css.headline}>
      {trace.tone && (
        <Chip tone={trace.tone} {...(reason && trace.tone !== 'bypass' && { reason })}>
          {shared.chip[trace.tone]}
        </Chip>
      )}
      <p className={css.sentence}>
        {sentenceOf(trace, t, db)} <span className={css.took}>{durationWords(trace.us, t, f)}</span>
      </p>
    </div>
  )
}
