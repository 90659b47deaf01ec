import type { UseQueryResult } from '@tanstack/react-query'
import type { Inspection } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { Card } from '../../ui/Card.tsx'
import { Code } from '../../ui/Code.tsx'
import { Empty, Failed, Loading } from '../../ui/States.tsx'
import css from './Entry.module.css'
import { useT } from './texts.ts'

/** The very string that lies in Redis. */
export function Entry({ inspection }: { inspection: UseQueryResult<Inspection> }) {
  const t = useT()
  const f = useFormat()
  const { data, error, refetch } = inspection
  const redis = data?.redis
  return (
    <Card
      title={t.entry.title}
      aside={redis?.present && <span className="muted">{f.bytes(redis.bytes)}</span>}
    >
      {!data ? (
        error ? (
          <Failed error={error} retry={refetch} />
        ) : (
          <Loading />
        )
      ) : !redis ? (
        <Empty title={t.entry.gone} hint={t.entry.goneHint} />
      ) : redis.present ? (
        <>
          <Code label={t.entry.raw} text={redis.raw} />
          {redis.absent && <p className={css.note}>{t.entry.absent}</p>}
        </>
      ) : (
        <Empty title={redis.loading ? t.entry.loading : t.entry.none} hint={t.entry.noneHint} />
      )}
    </Card>
  )
}
