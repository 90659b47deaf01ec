import { Pause, Play } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { QueueCounts } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { cx } from '../../lib/cx.ts'
import { bucketsOf } from '../../live/figures.ts'
import { useLive } from '../../live/store.ts'
import { Button } from '../../ui/Button.tsx'
import { Chip } from '../../ui/Chip.tsx'
import { Sparkline } from '../../ui/Sparkline.tsx'
import { Unknown, useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { useActions, useRedisGone } from './api.ts'
import { queueName } from './names.ts'
import { states } from './rows.ts'
import css from './tasks.module.css'
import { useT } from './texts.ts'

interface QueuesProps {
  queues: readonly QueueCounts[]
  chosen: string
  onChoose(name: string): void
}

/** A card for each queue: what it holds, how long things wait, and the switch that stops it. */
export function Queues({ queues, chosen, onChoose }: QueuesProps) {
  const t = useT()
  return (
    <section aria-label={t.queues} className={css.queues}>
      {queues.map((q) => (
        <Queue key={q.name} queue={q} here={q.name === chosen} onChoose={() => onChoose(q.name)} />
      ))}
    </section>
  )
}

// A quarter of an hour in 90 places of ten seconds.
const step = 10_000
const places = 90

function Queue({ queue: q, here, onChoose }: { queue: QueueCounts; here: boolean; onChoose(): void }) {
  const t = useT()
  const f = useFormat()
  const errorText = useErrorText()
  const { gone, since } = useRedisGone()
  const actions = useActions(q.name)
  const [busy, setBusy] = useState(false)
  const samples = useLive((l) => l.samples)
  const depth = useMemo(
    () =>
      bucketsOf(samples, step, places).map((b) => {
        const found = b?.samples.findLast((s) => s.queues)?.queues?.find((x) => x.name === q.name)
        return found ? found.waiting : null
      }),
    [samples, q.name],
  )
  const name = queueName(q.name, t)
  const toggle = async () => {
    setBusy(true)
    try {
      toast.done((await (q.paused ? actions.resume(q.name) : actions.pause(q.name))).message)
    } catch (err) {
      toast.failed(errorText(err))
    }
    setBusy(false)
  }
  return (
    <article className={cx(css.queue, here && css.here, gone && css.hatched)}>
      <header className={css.queueHead}>
        <div>
          <h2>
            <button type="button" className={css.choose} aria-current={here || undefined} onClick={onChoose}>
              {name}
              <span className="sr-only">: {t.queue.show(name)}</span>
            </button>
          </h2>
          <p className={css.queueId}>
            <code>{q.name}</code> ·{' '}
            {q.workers === 0 ? t.queue.noWorkers : t.queue.workers(f.int(q.workers), q.workers === 1)}
          </p>
        </div>
        <div className={css.queueSwitch}>
          {q.paused && <Chip mark="‖">{t.queue.paused}</Chip>}
          <Button
            size="small"
            icon={q.paused ? <Play /> : <Pause />}
            busy={busy}
            disabled={gone}
            onClick={toggle}
          >
            {q.paused ? t.queue.resume : t.queue.pause}
            <span className="sr-only">: {name}</span>
          </Button>
        </div>
      </header>
      {gone ? (
        <p className={css.unknown}>
          <Unknown since={since} />
        </p>
      ) : (
        <dl className={css.counts}>
          {states.map((s) => (
            <div key={s} className={cx(s === 'dead' && q.dead > 0 && css.bad)}>
              <dt>{t.state[s]}</dt>
              <dd>{f.int(q[s])}</dd>
            </div>
          ))}
        </dl>
      )}
      <div className={css.queueFoot}>
        <Sparkline
          height={24}
          places={places}
          lines={[{ tone: 'ink', values: depth, area: true }]}
          label={t.queue.depth}
          atLeast={5}
        />
        {!gone && <p>{q.waiting > 0 ? `${t.queue.oldest} ${f.millis(q.latency_ms)}` : t.queue.none}</p>}
      </div>
      {!gone && (
        <p className={css.totals}>{t.queue.totals(f.int(q.processed), f.int(q.failed), f.int(q.died))}</p>
      )}
    </article>
  )
}
