import { RotateCcw, Trash2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { QueueCounts, TaskState } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { useShared } from '../../i18n/shared.ts'
import { cx } from '../../lib/cx.ts'
import { useLive } from '../../live/store.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Empty, Failed, Loading, useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { useRedisGone, useTasks } from './api.ts'
import { Detail } from './Detail.tsx'
import { queueName } from './names.ts'
import { Rows } from './Rows.tsx'
import { changeable, eventsOf, stateOf, states } from './rows.ts'
import css from './tasks.module.css'
import { useT } from './texts.ts'
import { useChange } from './useChange.tsx'

interface ListProps {
  queue: QueueCounts
  state: TaskState | ''
  /** The task whose details are open. */
  open: string | undefined
  demo: boolean
  change(what: Record<string, string | undefined>, how?: 'push' | 'replace'): void
}

/** One list of all tasks of a queue, with a filter by state. */
export function List({ queue, state, open, demo, change }: ListProps) {
  const t = useT()
  const f = useFormat()
  const shared = useShared()
  const errorText = useErrorText()
  const { gone, since } = useRedisGone()
  const tasks = useTasks(queue.name, state)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const log = useLive((l) => l.events)
  const events = useMemo(() => eventsOf(log, queue.name), [log, queue.name])
  const acting = useChange({
    queue: queue.name,
    onDeleted: tasks.deleted,
    onDone: () => setChosen(new Set()),
  })
  const rows = tasks.list?.rows ?? []
  // What has moved on since it was chosen is chosen no more.
  const ids = rows
    .filter((r) => chosen.has(r.task.id) && changeable(stateOf(r, events.get(r.task.id))))
    .map((r) => r.task.id)
  const name = queueName(queue.name, t)
  const choose = (next: TaskState | '') => {
    setChosen(new Set())
    change({ zustand: next, aufgabe: undefined })
  }
  const all = states.reduce((sum, s) => sum + queue[s], 0)
  const whole = state !== '' && changeable(state) && queue[state] > 0 ? state : undefined

  return (
    <Card flush title={t.list.title(name)}>
      <fieldset className={css.filter}>
        <legend className="sr-only">{t.list.filter}</legend>
        {(['', ...states] as const).map((s) => (
          <button
            key={s}
            type="button"
            className={css.chip}
            aria-pressed={s === state}
            onClick={() => choose(s)}
          >
            {s ? t.state[s] : t.state.all}
            {!gone && <span className={css.chipCount}>{f.int(s ? queue[s] : all)}</span>}
          </button>
        ))}
      </fieldset>
      {(ids.length > 0 || whole) && !gone && (
        <div className={css.bulk}>
          {ids.length > 0 ? (
            <>
              <span className={css.bulkText}>{t.bulk.selected(f.int(ids.length))}</span>
              <Button
                size="small"
                icon={<RotateCcw />}
                busy={acting.busy}
                onClick={() => acting.change({ what: 'retry', of: { ids }, n: ids.length })}
              >
                {(state === 'scheduled' ? t.bulk.run : t.bulk.retry)(f.int(ids.length))}
              </Button>
              <Button
                size="small"
                look="danger"
                icon={<Trash2 />}
                onClick={() => acting.change({ what: 'remove', of: { ids }, n: ids.length })}
              >
                {t.bulk.remove(f.int(ids.length))}
              </Button>
              <Button size="small" look="quiet" onClick={() => setChosen(new Set())}>
                {t.bulk.clear}
              </Button>
            </>
          ) : (
            whole && (
              <>
                <Button
                  size="small"
                  icon={<RotateCcw />}
                  onClick={() => acting.change({ what: 'retry', of: { state: whole }, n: queue[whole] })}
                >
                  {(whole === 'scheduled' ? t.bulk.runAll : t.bulk.retryAll)(f.int(queue[whole]))}
                </Button>
                <Button
                  size="small"
                  look="danger"
                  icon={<Trash2 />}
                  onClick={() => acting.change({ what: 'remove', of: { state: whole }, n: queue[whole] })}
                >
                  {t.bulk.removeAll(f.int(queue[whole]))}
                </Button>
              </>
            )
          )}
        </div>
      )}
      {tasks.list && tasks.list.fresh > 0 && (
        <div className={css.fresh}>
          <Button size="small" onClick={tasks.showFresh}>
            {t.list.fresh(f.int(tasks.list.fresh), tasks.list.fresh === 1)}
          </Button>
        </div>
      )}
      {gone && !tasks.list ? (
        <Empty title={t.redisGone} hint={t.redisGoneHint} />
      ) : !tasks.list ? (
        tasks.error ? (
          <Failed error={tasks.error} retry={tasks.refetch} />
        ) : (
          <Loading lines={6} />
        )
      ) : rows.length === 0 ? (
        state ? (
          <Empty
            title={t.list.emptyStateTitle(t.state[state])}
            action={
              <Button size="small" onClick={() => choose('')}>
                {t.list.showAll}
              </Button>
            }
          />
        ) : (
          <Empty title={t.list.emptyTitle} hint={demo ? t.list.emptyHint : t.list.emptyHintProduction} />
        )
      ) : (
        <div className={cx(gone && css.hatched)}>
          {gone && since !== undefined && (
            <p className={css.before}>{t.list.before(shared.state.unknownSince(f.clock(since)))}</p>
          )}
          <Rows
            rows={rows}
            events={events}
            chosen={chosen}
            setChosen={setChosen}
            onOpen={(aufgabe) => change({ aufgabe })}
          />
          {tasks.list.next && (
            <div className={css.more}>
              <Button
                busy={tasks.loadingMore}
                disabled={gone}
                onClick={() => tasks.more().catch((err) => toast.failed(errorText(err)))}
              >
                {t.list.more}
              </Button>
            </div>
          )}
        </div>
      )}
      <Detail
        queue={queue.name}
        id={open}
        row={rows.find((r) => r.task.id === open)}
        events={(open && events.get(open)) || none}
        onClose={() => change({ aufgabe: undefined })}
        onChange={(what, id) => {
          change({ aufgabe: undefined })
          acting.change({ what, of: { ids: [id] }, n: 1 })
        }}
      />
      {acting.dialog}
    </Card>
  )
}

const none: never[] = []
