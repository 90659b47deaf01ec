import type { LogEvent, LogKind, Task, TaskState } from '../../api/types.ts'

export const states: readonly TaskState[] = ['waiting', 'running', 'scheduled', 'retrying', 'dead']

/** What can be retried and deleted: a task that waits or runs is the workers'. */
export const changeable = (state: ShownState): state is 'scheduled' | 'retrying' | 'dead' =>
  state === 'scheduled' || state === 'retrying' || state === 'dead'

/** A task in the list. It keeps its place while somebody looks, whatever becomes of it. */
export interface Row {
  task: Task
  /** It is no longer among those that the list is about. */
  left: boolean
  deleted: boolean
}

export type ShownState = TaskState | 'done' | 'deleted' | 'left'

export const rowOf = (task: Task): Row => ({ task, left: false, deleted: false })

/**
 * Brings what is known now into a list that somebody reads: rows change in place, none comes or
 * goes. `all` says that the page holds everything there is; only then is a missing task a gone one.
 */
export function refresh(rows: readonly Row[], page: readonly Task[], all: boolean): Row[] {
  const now = new Map(page.map((task) => [task.id, task]))
  return rows.map((row) => {
    const task = now.get(row.task.id)
    if (task)
      return {
        task: { ...task, payload: longer(row.task.payload, task.payload) },
        left: false,
        deleted: false,
      }
    return all && !row.left ? { ...row, left: true } : row
  })
}

const longer = (a: string, b: string) => (a.length > b.length ? a : b)

/**
 * How many tasks of a page are new to the list. `more` says that further pages follow: then what
 * stands behind all that is shown has only moved up from there.
 */
export function unseen(rows: readonly Row[], page: readonly Task[], more: boolean): number {
  const shown = new Set(rows.map((r) => r.task.id))
  const last = page.findLastIndex((t) => shown.has(t.id))
  const among = more && last >= 0 ? page.slice(0, last) : page
  return among.filter((t) => !shown.has(t.id)).length
}

/** Adds a page at the end. A task that moved between two pages stands on both: the newer one counts. */
export function append(rows: readonly Row[], page: readonly Task[]): Row[] {
  const shown = new Set(rows.map((r) => r.task.id))
  return [...refresh(rows, page, false), ...page.filter((t) => !shown.has(t.id)).map(rowOf)]
}

/** What the log says about the tasks of a queue: the events of each, the oldest first. */
export function eventsOf(events: readonly LogEvent[], queue: string): Map<string, LogEvent[]> {
  const byTask = new Map<string, LogEvent[]>()
  for (const e of events) {
    if (!e.kind.startsWith('task_') || !e.key.startsWith(`${queue}/`)) continue
    const id = e.key.slice(queue.length + 1)
    const known = byTask.get(id)
    if (known) known.push(e)
    else byTask.set(id, [e])
  }
  return byTask
}

/** The state to show: where a task has left the list, the log may know where to. */
export function stateOf(row: Row, events: readonly LogEvent[] | undefined): ShownState {
  if (row.deleted) return 'deleted'
  if (!row.left) return row.task.state
  const last = events?.at(-1)
  if (last?.kind === 'task_done') return 'done'
  if (last?.kind === 'task_dead') return 'dead'
  return 'left'
}

export type MomentKind =
  | 'created'
  | 'started'
  | 'failed'
  | 'postponed'
  | 'handedBack'
  | 'reaped'
  | 'lost'
  | 'hanging'
  | 'done'
  | 'died'
  | 'due'
  | 'dueScheduled'
  | 'earlier'

export interface Moment {
  kind: MomentKind
  /** Undefined where nobody noted it. */
  at: number | undefined
  error: string
  /** How many attempts it stands for. */
  n: number
}

const kinds: Partial<Record<LogKind, MomentKind>> = {
  task_failed: 'failed',
  task_postponed: 'postponed',
  task_handed_back: 'handedBack',
  task_reaped: 'reaped',
  task_lost: 'lost',
  task_hanging: 'hanging',
  task_done: 'done',
}

/** The life of a task, the newest first. The log tells of attempts that the task itself has forgotten. */
export function timeline(task: Task, events: readonly LogEvent[]): Moment[] {
  const list: Moment[] = []
  const add = (kind: MomentKind, at: string | number | undefined, error = '', n = 1) => {
    const ms = typeof at === 'string' ? Date.parse(at) : at
    if (ms !== undefined && Number.isFinite(ms)) list.push({ kind, at: ms, error, n })
  }
  for (const e of events) {
    const kind = kinds[e.kind]
    if (kind) add(kind, e.t, e.error)
  }
  if (task.state === 'running') add('started', task.started_at)
  if (task.state === 'retrying') add('due', task.due_at)
  if (task.state === 'scheduled') add('dueScheduled', task.due_at)
  if (task.state === 'dead') add('died', task.died_at, task.error)
  list.sort((a, b) => (b.at ?? 0) - (a.at ?? 0))
  // The last failure is in the task itself; what came before and was not seen is only counted.
  const seen = list.filter((m) => m.kind === 'failed' || m.kind === 'died').length
  const missing = task.attempts - seen
  if (missing > 0 && task.error && seen === 0) {
    list.push({ kind: 'failed', at: undefined, error: task.error, n: 1 })
    if (missing > 1) list.push({ kind: 'earlier', at: undefined, error: '', n: missing - 1 })
  } else if (missing > 0) {
    list.push({ kind: 'earlier', at: undefined, error: '', n: missing })
  }
  // Nobody noted that of what another program pushed.
  const created = Date.parse(task.created_at ?? '')
  if (Number.isFinite(created)) list.push({ kind: 'created', at: created, error: '', n: 1 })
  return list
}

/** A payload as people read it: JSON with line breaks, anything else as it is. */
export function readable(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2)
  } catch {
    return payload
  }
}
