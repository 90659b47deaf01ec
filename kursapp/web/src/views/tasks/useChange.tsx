import { useState } from 'react'
import type { TasksChanged } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { Confirm } from '../../ui/Dialog.tsx'
import { useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { type Selection, useActions } from './api.ts'
import { queueName } from './names.ts'
import css from './tasks.module.css'
import { useT } from './texts.ts'

interface Wish {
  what: 'retry' | 'remove'
  of: Selection
  n: number
}

interface Options {
  queue: string
  /** The ids that are gone for certain. */
  onDeleted(ids: readonly string[]): void
  onDone(): void
}

/**
 * Retries and deletes tasks. Deleting asks first, and so does whatever reaches beyond what can be
 * seen; each outcome is told with its number.
 */
export function useChange({ queue, onDeleted, onDone }: Options) {
  const t = useT()
  const f = useFormat()
  const errorText = useErrorText()
  const actions = useActions(queue)
  const [wish, setWish] = useState<Wish>()
  const [busy, setBusy] = useState(false)

  const tell = (what: Wish['what'], { count, more, unfit }: TasksChanged) => {
    if (count === 0) return toast.failed(t.bulk.none)
    const done = (what === 'retry' ? t.bulk.retried : t.bulk.removed)(f.int(count), count === 1)
    toast.done([done, unfit && t.bulk.unfitLeft, more && t.bulk.moreLeft].filter(Boolean).join('. '))
  }
  const carryOut = async ({ what, of }: Wish) => {
    setBusy(true)
    try {
      const changed = await actions[what](of)
      tell(what, changed)
      if (what === 'remove' && 'ids' in of && changed.count === of.ids.length) onDeleted(of.ids)
      onDone()
    } catch (err) {
      toast.failed(errorText(err))
    }
    setBusy(false)
    setWish(undefined)
  }

  const state = wish && 'state' in wish.of ? wish.of.state : undefined
  const n = f.int(wish?.n ?? 0)
  const name = queueName(queue, t)
  const removes = wish?.what === 'remove'
  return {
    busy,
    change(next: Wish) {
      if (next.what === 'remove' || 'state' in next.of) setWish(next)
      else void carryOut(next)
    },
    dialog: (
      <Confirm
        open={wish !== undefined}
        onClose={() => setWish(undefined)}
        onConfirm={() => wish && void carryOut(wish)}
        title={(removes ? t.bulk.askRemove : t.bulk.askRetry)(n, wish?.n === 1)}
        action={removes ? t.bulk.remove(n) : state === 'scheduled' ? t.bulk.run(n) : t.bulk.retry(n)}
        danger={removes}
        busy={busy}
      >
        {state && <p>{(removes ? t.bulk.askRemoveFilter : t.bulk.askRetryText)(t.state[state], name)}</p>}
        {removes && <p className={state && css.gap}>{t.bulk.askRemoveText}</p>}
      </Confirm>
    ),
  }
}
