import { useEffect, useRef, useState } from 'react'
import { useFormat } from '../../i18n/format.ts'
import { serverNow } from '../../lib/clock.ts'
import { useLive } from '../../live/store.ts'
import { Card } from '../../ui/Card.tsx'
import { Empty, Failed } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { Form, type Settings } from './Form.tsx'
import { browserBounds, measure } from './measure.ts'
import type { Measured } from './model.ts'
import { Progress } from './Progress.tsx'
import { Results } from './Results.tsx'
import { useT } from './texts.ts'

const requests = [50, 200, 500, browserBounds.requests]
const concurrency = [1, 2, browserBounds.concurrency]
// The bar moves at most this often: painting must not become what is measured.
const paintEvery = 250

interface Done {
  measured: Measured
  hidden: boolean
}

/** This browser compares: what a person at it would notice. */
export function BrowserMode({ settings }: { settings: Settings }) {
  const t = useT()
  const f = useFormat()
  const about = useLive((l) => l.about)
  const [at, setAt] = useState<{ via: 'past' | 'cache'; done: number }>()
  const [done, setDone] = useState<Done>()
  const [error, setError] = useState<unknown>()
  const run = useRef<AbortController>(undefined)
  useEffect(() => () => run.current?.abort(), [])

  const start = async () => {
    const control = new AbortController()
    run.current = control
    setError(undefined)
    setAt({ via: 'past', done: 0 })
    let hidden = document.hidden
    const watch = () => {
      hidden ||= document.hidden
    }
    document.addEventListener('visibilitychange', watch)
    let painted = 0
    try {
      const ways = await measure({
        ...settings,
        signal: control.signal,
        progress(via, n) {
          if (performance.now() - painted < paintEvery) return
          painted = performance.now()
          setAt({ via, done: n })
        },
      })
      const machine = about
        ? [about.database, about.redis && `Redis ${about.redis.replace(/^Redis /, '')}`]
        : []
      setDone({
        hidden,
        measured: {
          where: 'browser',
          at: serverNow(),
          requests: settings.requests,
          concurrency: settings.concurrency,
          ways,
          machine: machine.filter((m) => m !== ''),
          note: '',
        },
      })
      toast.done(t.finished)
    } catch (err) {
      if (control.signal.aborted) toast.done(t.cancelled)
      else {
        control.abort() // one failed: the others need not go on
        setError(err)
      }
    } finally {
      document.removeEventListener('visibilitychange', watch)
      setAt(undefined)
    }
  }

  const share = (via: 'past' | 'cache') => {
    if (!at) return 0
    if (at.via !== via) return via === 'past' ? 1 : 0
    return at.done / settings.requests
  }
  return (
    <>
      <Form
        settings={settings}
        requests={requests}
        concurrency={concurrency}
        running={at !== undefined}
        again={done !== undefined}
        onStart={start}
      >
        {at && (
          <Progress
            parts={[
              { tier: 'database', share: share('past') },
              { tier: 'redis', share: share('cache') },
            ]}
            text={
              at.done === 0
                ? t.warmUp
                : t.progress(
                    at.via === 'past' ? t.pastCache : t.viaCache,
                    f.int(at.done),
                    f.int(settings.requests),
                  )
            }
            busy={false}
            cancel={() => run.current?.abort()}
          />
        )}
      </Form>
      {error !== undefined ? (
        <Card>
          <Failed error={error} retry={start} />
        </Card>
      ) : done && !at ? (
        <Results measured={done.measured} warning={done.hidden ? t.hiddenTab : undefined} />
      ) : (
        !at && (
          <Card>
            <Empty title={t.emptyTitle} hint={t.emptyBrowserHint} />
          </Card>
        )
      )}
    </>
  )
}
