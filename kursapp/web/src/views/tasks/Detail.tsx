import { RotateCcw, Trash2 } from 'lucide-react'
import { ApiError } from '../../api/errors.ts'
import type { LogEvent, Task } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { useServerNow } from '../../lib/clock.ts'
import { cx } from '../../lib/cx.ts'
import { Button } from '../../ui/Button.tsx'
import { Code } from '../../ui/Code.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { Empty, Failed, Loading } from '../../ui/States.tsx'
import { useTask } from './api.ts'
import { changeable, type Moment, type Row, readable, stateOf, timeline } from './rows.ts'
import { StateChip } from './StateChip.tsx'
import css from './tasks.module.css'
import { useT } from './texts.ts'

interface DetailProps {
  queue: string
  id: string | undefined
  /** As the list shows it; undefined for one that a link leads to. */
  row: Row | undefined
  events: readonly LogEvent[]
  onClose(): void
  onChange(what: 'retry' | 'remove', id: string): void
}

/** Everything about a task, beside the list. */
export function Detail({ queue, id, row, events, onClose, onChange }: DetailProps) {
  const t = useT()
  const asked = useTask(queue, id, row?.task)
  // The list knows the state better, the answer the whole payload.
  const task: Task | undefined = row
    ? { ...row.task, payload: asked.data?.payload ?? row.task.payload }
    : asked.data
  const state = task ? stateOf(row ?? { task, left: false, deleted: false }, events) : undefined
  const acts = id !== undefined && state !== undefined && changeable(state) && !row?.left
  return (
    <Dialog
      open={id !== undefined}
      onClose={onClose}
      from="side"
      title={
        <span className={css.detailTitle}>
          {task?.type || t.list.task} {state && <StateChip state={state} />}
        </span>
      }
      hint={<code className={css.detailId}>{id}</code>}
      actions={
        acts && (
          <>
            <Button look="danger" icon={<Trash2 />} onClick={() => onChange('remove', id)}>
              {t.detail.remove}
            </Button>
            <Button look="primary" icon={<RotateCcw />} onClick={() => onChange('retry', id)}>
              {state === 'scheduled' ? t.detail.run : t.detail.retry}
            </Button>
          </>
        )
      }
    >
      {task ? (
        <Contents task={task} events={events} />
      ) : asked.error instanceof ApiError && asked.error.status === 404 ? (
        <Empty title={t.detail.gone} hint={t.detail.goneHint} />
      ) : asked.error ? (
        <Failed error={asked.error} retry={() => asked.refetch()} />
      ) : (
        <Loading lines={6} />
      )}
    </Dialog>
  )
}

function Contents({ task, events }: { task: Task; events: readonly LogEvent[] }) {
  const t = useT()
  const f = useFormat()
  const payload = readable(task.payload)
  // A dead task has no attempts to come.
  const tries = task.state === 'dead' ? task.attempts : task.max_attempts
  return (
    <div className={css.detail}>
      {task.state === 'dead' ? (
        <section className={css.verdict}>
          <p className={css.verdictTitle}>
            <span aria-hidden="true">✕ </span>
            {t.detail.dead(f.int(task.attempts), task.attempts === 1)}
          </p>
          {task.attempts > 0 && task.attempts < task.max_attempts && <p>{t.detail.givenUp}</p>}
          <p>{t.detail.deadHint}</p>
        </section>
      ) : (
        task.attempts > 0 && <p>{t.detail.attempts(f.int(task.attempts), f.int(task.max_attempts))}</p>
      )}
      {tries > 1 && tries <= 25 && task.attempts > 0 && (
        <div className={css.tries} aria-hidden="true">
          {Array.from({ length: tries }, (_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an attempt is its number
            <span key={i} className={cx(css.try, i < task.attempts && css.tryFailed)}>
              {i < task.attempts ? '✕' : i + 1}
            </span>
          ))}
        </div>
      )}
      {task.error && (
        <section>
          <h3>{t.detail.lastError}</h3>
          <Code text={task.error} label={t.detail.lastError} />
        </section>
      )}
      {task.crashes > 0 && <p>{t.detail.crashes(f.int(task.crashes), task.crashes === 1)}</p>}
      <section>
        <h3>{t.detail.timeline}</h3>
        <ol className={css.timeline}>
          {timeline(task, events).map((m) => (
            <Entry key={`${m.kind}${m.at}`} moment={m} task={task} />
          ))}
        </ol>
      </section>
      <section>
        <h3>{t.detail.payload}</h3>
        <Code text={payload} label={t.detail.payload} />
        <p className={css.small}>
          {t.detail.size(f.bytes(task.size))}
          {payload.includes('•••') && ` · ${t.detail.hidden}`}
        </p>
      </section>
    </div>
  )
}

const bad = new Set<Moment['kind']>(['failed', 'died', 'reaped', 'lost'])

function Entry({ moment: m, task }: { moment: Moment; task: Task }) {
  const t = useT()
  const f = useFormat()
  const coming = m.kind === 'due' || m.kind === 'dueScheduled'
  const now = useServerNow(coming)
  const text =
    m.kind === 'started'
      ? t.detail.started(task.worker ?? '')
      : m.kind === 'earlier'
        ? t.detail.earlier(f.int(m.n), m.n === 1)
        : t.detail[m.kind]
  const left = (m.at ?? 0) - now
  return (
    <li className={cx(css.moment, bad.has(m.kind) && css.momentBad, coming && css.momentComing)}>
      <div className={css.momentHead}>
        <span>{text}</span>
        {m.at !== undefined && (
          <time dateTime={new Date(m.at).toISOString()} title={f.dateTime(m.at)}>
            {coming ? (left > 0 ? t.list.in(f.span(left + 999)) : t.list.due) : momentTime(m.at, now, f)}
          </time>
        )}
      </div>
      {m.error && <p className={css.momentError}>{m.error}</p>}
    </li>
  )
}

// Today the clock is enough.
const momentTime = (at: number, now: number, f: ReturnType<typeof useFormat>) =>
  Math.abs(now - at) < 12 * 3_600_000 ? f.clock(at) : f.dateTime(at)
