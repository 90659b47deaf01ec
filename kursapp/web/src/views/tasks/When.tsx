import type { Task } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { useServerNow } from '../../lib/clock.ts'
import type { ShownState } from './rows.ts'
import { useT } from './texts.ts'

/** The time that matters of a task in its state: how long it waits, when it comes, when it died. */
export function When({ task, state }: { task: Task; state: ShownState }) {
  const t = useT()
  const f = useFormat()
  const runs = state === 'waiting' || state === 'running' || state === 'scheduled' || state === 'retrying'
  const now = useServerNow(runs)
  const ms = (iso: string | undefined) => (iso ? Date.parse(iso) : Number.NaN)
  const since = (iso: string | undefined) => {
    const at = ms(iso)
    return Number.isNaN(at) ? '–' : t.list.ago(f.span(now - at))
  }
  switch (state) {
    case 'waiting':
      return since(task.created_at)
    case 'running':
      return since(task.started_at ?? task.created_at)
    case 'scheduled':
    case 'retrying': {
      const left = ms(task.due_at) - now
      return Number.isNaN(left) ? '–' : left > 0 ? t.list.in(f.span(left + 999)) : t.list.due
    }
    case 'dead': {
      const at = ms(task.died_at)
      return Number.isNaN(at) ? '–' : f.dateTime(at)
    }
    default:
      return '–'
  }
}
