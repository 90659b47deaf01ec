import { useQueryClient } from '@tanstack/react-query'
import { RotateCw } from 'lucide-react'
import { Link } from 'wouter'
import { useMe } from '../../api/me.ts'
import { useFormat } from '../../i18n/format.ts'
import { serverNow } from '../../lib/clock.ts'
import { useUrlState } from '../../lib/urlState.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Page } from '../../ui/Page.tsx'
import { Empty, Failed, Loading } from '../../ui/States.tsx'
import css from './audit.module.css'
import { Filters } from './Filters.tsx'
import { byDay, kindsOf } from './kinds.ts'
import { Row } from './Row.tsx'
import { useT } from './texts.ts'
import { auditKey, useAudit } from './useAudit.ts'
import { useDayName } from './useDayName.ts'

/** Who did what to which account. */
export default function Audit() {
  const t = useT()
  const f = useFormat()
  const dayName = useDayName()
  const client = useQueryClient()
  const [url, setUrl] = useUrlState()
  const { data: me } = useMe()
  const user = Number(url.get('benutzer')) || undefined
  const kinds = kindsOf(url.get('art'))
  const q = useAudit(user, kinds)
  const entries = q.data?.pages.flatMap((p) => p.entries) ?? []

  // From the newest again: the pages that were loaded belong to what it was.
  const refresh = () => client.resetQueries({ queryKey: auditKey })
  const clear = (
    <Button size="small" onClick={() => setUrl({ benutzer: undefined, art: undefined })}>
      {t.clear}
    </Button>
  )
  return (
    <Page
      title={t.title}
      lead={t.lead}
      aside={
        <Button icon={<RotateCw />} busy={q.isFetching && !q.isFetchingNextPage} onClick={refresh}>
          {t.refresh}
        </Button>
      }
    >
      <Card flush>
        <Filters />
        {!q.data ? (
          q.error ? (
            <Failed error={q.error} retry={q.refetch} />
          ) : (
            <Loading lines={8} />
          )
        ) : entries.length > 0 ? (
          byDay(entries).map((day) => (
            <section key={day.at} aria-label={dayName(day.at, serverNow())}>
              <h2 className={css.day}>{dayName(day.at, serverNow())}</h2>
              <ol>
                {day.entries.map((e) => (
                  <Row key={e.id} entry={e} me={me?.user?.id} />
                ))}
              </ol>
            </section>
          ))
        ) : user || kinds ? (
          <Empty title={t.noMatch} action={clear} />
        ) : (
          <Empty
            title={t.empty}
            hint={t.emptyHint}
            action={
              <span className={css.links}>
                <Link href="/anmeldung">{t.toLogin}</Link>
                <Link href="/benutzer">{t.toUsers}</Link>
              </span>
            }
          />
        )}
        {q.data && q.isFetchNextPageError && <Failed error={q.error} />}
        {entries.length > 0 && (
          <div className={css.foot}>
            <span className={css.count}>
              {t.shown(f.int(entries.length), entries.length === 1)}
              {!q.hasNextPage && ` · ${t.end}`}
            </span>
            {q.hasNextPage && (
              <Button size="small" busy={q.isFetchingNextPage} onClick={() => q.fetchNextPage()}>
                {t.older}
              </Button>
            )}
          </div>
        )}
      </Card>
    </Page>
  )
}
