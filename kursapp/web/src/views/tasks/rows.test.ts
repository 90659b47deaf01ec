import { expect, it } from 'vitest'
import type { LogEvent, Task } from '../../api/types.ts'
import { append, eventsOf, readable, refresh, rowOf, stateOf, timeline, unseen } from './rows.ts'

const task = (id: string, more: Partial<Task> = {}): Task => ({
  id,
  queue: 'q',
  type: 'mail',
  state: 'waiting',
  payload: '{}',
  size: 2,
  error: '',
  attempts: 0,
  crashes: 0,
  max_attempts: 5,
  created_at: '2025-11-25T12:00:00Z',
  ...more,
})
const event = (kind: LogEvent['kind'], key: string, t = 1, error = ''): LogEvent => ({
  seq: t,
  t,
  kind,
  key,
  tier: '',
  reason: '',
  us: 0,
  error,
})
const ids = (rows: { task: Task }[]) => rows.map((r) => r.task.id)

it('changes rows in place, and lets none come or go', () => {
  const rows = [rowOf(task('a')), rowOf(task('b')), rowOf(task('c'))]
  const page = [task('new'), task('c', { state: 'running' }), task('a')]
  const now = refresh(rows, page, true)
  expect(ids(now)).toEqual(['a', 'b', 'c'])
  expect(now.map((r) => stateOf(r, undefined))).toEqual(['waiting', 'left', 'running'])
  expect(unseen(rows, page, false)).toBe(1)
  // What came back is there again.
  expect(refresh(now, [task('b', { state: 'retrying' })], false)[1]).toMatchObject({ left: false })
})

it('does not take a task for gone that may be on another page', () => {
  expect(refresh([rowOf(task('a'))], [task('x')], false)[0]).toMatchObject({ left: false })
})

it('does not take what moved up from the next page for new', () => {
  const rows = [rowOf(task('a')), rowOf(task('b'))]
  expect(unseen(rows, [task('new'), task('b'), task('next')], true)).toBe(1)
  expect(unseen(rows, [task('new'), task('b'), task('last')], false)).toBe(2)
  expect(unseen(rows, [task('x'), task('y')], true)).toBe(2)
})

it('keeps the whole payload where the list brings a part', () => {
  const rows = [rowOf(task('a', { payload: 'the whole' }))]
  expect(refresh(rows, [task('a', { payload: 'the' })], false)[0]?.task.payload).toBe('the whole')
})

it('shows a task once that moved between two pages', () => {
  const rows = append([rowOf(task('a')), rowOf(task('b'))], [task('b', { state: 'dead' }), task('c')])
  expect(ids(rows)).toEqual(['a', 'b', 'c'])
  expect(rows[1]?.task.state).toBe('dead')
})

it('learns from the log where a task went', () => {
  const events = eventsOf(
    [
      event('task_failed', 'q/a', 1),
      event('task_done', 'q/a', 2),
      event('task_dead', 'q/b', 3),
      event('task_done', 'q2/a', 4),
      event('fill', 'q/a', 5),
    ],
    'q',
  )
  expect(events.get('a')?.map((e) => e.t)).toEqual([1, 2])
  const gone = (id: string) => stateOf({ ...rowOf(task(id)), left: true }, events.get(id))
  expect([gone('a'), gone('b'), gone('c')]).toEqual(['done', 'dead', 'left'])
  expect(stateOf({ ...rowOf(task('a')), deleted: true }, events.get('a'))).toBe('deleted')
})

it('tells the life of a dead task, the newest first, and what nobody noted', () => {
  const dead = task('a', {
    state: 'dead',
    attempts: 5,
    error: 'last',
    died_at: '2025-11-25T13:00:00Z',
    due_at: '2025-11-25T14:00:00Z',
  })
  const at = Date.parse('2025-11-25T12:59:00Z')
  expect(
    timeline(dead, [event('task_failed', 'q/a', at, 'fourth')]).map((m) => [m.kind, m.error, m.n]),
  ).toEqual([
    ['died', 'last', 1],
    ['failed', 'fourth', 1],
    ['earlier', '', 3],
    ['created', '', 1],
  ])
})

it('tells of a failure that only the task remembers', () => {
  const retrying = task('a', { state: 'retrying', attempts: 2, error: 'why', due_at: '2025-11-25T12:10:00Z' })
  expect(timeline(retrying, []).map((m) => [m.kind, m.at === undefined, m.n])).toEqual([
    ['due', false, 1],
    ['failed', true, 1],
    ['earlier', true, 1],
    ['created', false, 1],
  ])
  expect(timeline(task('a'), []).map((m) => m.kind)).toEqual(['created'])
})

it('breaks lines of JSON alone', () => {
  expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}')
  expect(readable('{"a":"cut of')).toBe('{"a":"cut of')
})
