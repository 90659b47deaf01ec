import { memo } from 'react'
import type { LogEvent } from '../api/types.ts'
import { markOf, toneOf, useEventTexts, wordsOf } from '../i18n/events.ts'
import { useFormat } from '../i18n/format.ts'
import { Chip } from './Chip.tsx'
import css from './EventRow.module.css'

/** One line of the live log. */
export const EventRow = memo(function EventRow({ event }: { event: LogEvent }) {
  const t = useEventTexts()
  const f = useFormat()
  const mark = markOf(event)
  const tone = toneOf(event)
  return (
    <li className={css.row}>
      <time className={css.time}>
        {f.clock(event.t)}
        <span className={css.fine}>{f.clockMillis(event.t).slice(f.clock(event.t).length)}</span>
      </time>
      <span className={css.kind}>
        <Chip {...(tone && { tone })} {...(mark && { mark })}>
          {t.kind[event.kind] ?? event.kind}
        </Chip>
      </span>
      <code className={css.key} title={event.key}>
        {event.key}
      </code>
      <span className={css.words} title={event.error || undefined}>
        {wordsOf(event, t)}
      </span>
      <span className={css.us}>{event.us > 0 ? f.micros(event.us) : ''}</span>
    </li>
  )
})
