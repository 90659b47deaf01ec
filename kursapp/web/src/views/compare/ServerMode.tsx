import { useEffect, useRef } from 'react'
import { useFormat } from '../../i18n/format.ts'
import { useLive } from '../../live/store.ts'
import { Card } from '../../ui/Card.tsx'
import { Empty, Failed, Loading, useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { Form, type Settings } from './Form.tsx'
import { orderOfTiers, progressOf } from './model.ts'
import { Progress } from './Progress.tsx'
import { Results } from './Results.tsx'
import { measuredInServer, useComparison } from './server.ts'
import { useT } from './texts.ts'

const requests = [100, 1000, 5000, 20_000]
const concurrency = [1, 8, 32, 64]

/** The server compares by itself. */
export function ServerMode({ settings }: { settings: Settings }) {
  const t = useT()
  const f = useFormat()
  const errorText = useErrorText()
  const redisGone = useLive((l) => l.status?.redis.ok === false)
  const { current, start, cancel } = useComparison()
  const c = current.data
  const running = c?.state === 'running'

  // The outcome is told where it was seen to happen, not for a comparison of an hour ago.
  const before = useRef(c?.state)
  useEffect(() => {
    if (before.current === 'running' && c?.state === 'done') toast.done(t.finished)
    if (before.current === 'running' && c?.state === 'cancelled') toast.done(t.cancelled)
    if (before.current === 'running' && c?.state === 'failed') toast.failed(c.error || t.failed)
    before.current = c?.state
  }, [c?.state, c?.error, t])

  const failedToStart = (err: unknown) => toast.failed(errorText(err))
  const p = running ? progressOf(c) : undefined
  const measured = c && !running ? measuredInServer(c, t, f) : undefined
  return (
    <>
      <Form
        settings={settings}
        requests={requests}
        concurrency={concurrency}
        running={running || start.isPending}
        again={c != null}
        blocked={redisGone && !running ? t.redisGone : undefined}
        onStart={() =>
          start.mutate(
            {
              requests: settings.requests,
              concurrency: settings.concurrency,
              user_id: settings.userId,
            },
            { onError: failedToStart },
          )
        }
      >
        {running && p && (
          <Progress
            parts={orderOfTiers.map((tier) => ({ tier, share: p.share[tier] }))}
            text={p.done === 0 ? t.warmUp : t.progress(t.way[p.at], f.int(p.done), f.int(c.requests))}
            busy={cancel.isPending}
            cancel={() => cancel.mutate(undefined, { onError: failedToStart })}
          />
        )}
      </Form>
      {c === undefined ? (
        <Card>
          {current.error ? (
            <Failed error={current.error} retry={() => current.refetch()} />
          ) : (
            <Loading lines={5} />
          )}
        </Card>
      ) : c === null ? (
        <Card>
          <Empty title={t.emptyTitle} hint={t.emptyHint} />
        </Card>
      ) : c.state === 'failed' ? (
        <Card>
          <Empty title={t.failed} hint={c.error} />
        </Card>
      ) : (
        measured &&
        measured.ways.length > 0 && (
          <Results measured={measured} warning={c.state === 'cancelled' ? t.incomplete : undefined} />
        )
      )}
    </>
  )
}
