import { useEffect, useRef } from 'react'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Empty, Failed, Loading } from '../../ui/States.tsx'
import { useHeld, useMails, useRedisGone } from './api.ts'
import css from './tasks.module.css'
import { useT } from './texts.ts'
import { mailKey } from './travel.ts'

/** The mails that workers delivered. `expecting` is a mail that was just sent from here: it is shown at once. */
export function Mailbox({ expecting }: { expecting: string | undefined }) {
  const t = useT()
  const f = useFormat()
  const { gone } = useRedisGone()
  const { data, error, refetch } = useMails()
  const { shown, fresh, show } = useHeld(data, mailKey)
  const greeted = useRef<string>(undefined)
  useEffect(() => {
    if (!expecting || greeted.current === expecting || fresh === 0) return
    greeted.current = expecting
    show()
  })
  return (
    <Card
      flush
      title={t.box.title}
      hint={t.box.hint}
      aside={
        fresh > 0 && (
          <Button size="small" onClick={show}>
            {t.box.fresh(f.int(fresh), fresh === 1)}
          </Button>
        )
      }
    >
      {!shown ? (
        gone ? (
          <Empty title={t.redisGone} />
        ) : error ? (
          <Failed error={error} retry={() => refetch()} />
        ) : (
          <Loading lines={4} />
        )
      ) : shown.length === 0 ? (
        <Empty title={t.box.emptyTitle} hint={t.box.emptyHint} />
      ) : (
        <ul className={css.mails}>
          {shown.map((m) => (
            <li key={mailKey(m)}>
              <details className={css.mail}>
                <summary>
                  <span className={css.mailSubject}>{m.subject}</span>
                  <time dateTime={m.received_at}>{f.clock(Date.parse(m.received_at))}</time>
                  <span className={css.mailTo}>{t.box.to(m.to)}</span>
                </summary>
                <p className={css.mailText}>{m.body}</p>
              </details>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
