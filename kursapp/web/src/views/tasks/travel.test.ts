import { expect, it } from 'vitest'
import type { LogEvent, Mail, Task } from '../../api/types.ts'
import { locate, mailKey, type Parcel } from './travel.ts'

const sentAt = Date.parse('2025-11-25T12:00:00Z')
const parcel: Parcel = {
  id: 'x',
  broken: false,
  to: 'max@example.com',
  subject: 'Hi',
  sentAt,
  before: new Set(),
}
const seen = (more: Partial<Task>) => [{ id: 'x', attempts: 0, max_attempts: 5, error: '', ...more } as Task]
const mail = (more: Partial<Mail> = {}): Mail => ({
  to: 'max@example.com',
  subject: 'Hi',
  body: '',
  received_at: '2025-11-25T12:00:01Z',
  ...more,
})
const event = (kind: LogEvent['kind'], t: number, error = ''): LogEvent => ({
  seq: t,
  t,
  kind,
  key: 'email_queue/x',
  tier: '',
  reason: '',
  us: 0,
  error,
})

it('follows a mail into the mailbox', () => {
  const a = locate(parcel, undefined, [], [], [])
  expect(a.stage).toBe('waiting')
  const b = locate(parcel, a, seen({ state: 'running', started_at: '2025-11-25T12:00:00.500Z' }), [], [])
  expect(b).toMatchObject({ stage: 'running', at: sentAt + 500 })
  // Gone from the list, and not yet in the mailbox: nobody claims anything.
  expect(locate(parcel, b, [], [], []).stage).toBe('running')
  const c = locate(parcel, b, [], [mail()], [])
  expect(c).toMatchObject({ stage: 'delivered', at: sentAt + 1000 })
  // It stays delivered.
  expect(locate(parcel, c, [], [], [])).toBe(c)
})

it('does not take an earlier or another mail for this one', () => {
  for (const m of [mail({ to: 'b@example.com' }), mail({ subject: 'No' })])
    expect(locate(parcel, undefined, [], [m], []).stage).toBe('waiting')
  // The same words a moment ago.
  const earlier = mail({ received_at: '2025-11-25T11:59:59.9Z' })
  const again = { ...parcel, before: new Set([mailKey(earlier)]) }
  expect(locate(again, undefined, [], [earlier], []).stage).toBe('waiting')
  expect(locate(again, undefined, [], [mail(), earlier], []).stage).toBe('delivered')
})

it('believes the log where the mail was too fast', () => {
  expect(locate(parcel, undefined, [], [], [event('task_done', sentAt + 40)])).toMatchObject({
    stage: 'delivered',
    at: sentAt + 40,
  })
})

it('follows a broken one to its death, and counts attempts', () => {
  const broken = { ...parcel, broken: true }
  const a = locate(broken, undefined, seen({ state: 'retrying', attempts: 1, error: 'no' }), [mail()], [])
  expect(a).toMatchObject({ stage: 'retrying', attempts: 1, error: 'no' })
  const died = locate(broken, a, [], [], [event('task_failed', 1, 'no'), event('task_dead', 2, 'never')])
  expect(died).toMatchObject({ stage: 'dead', at: 2, attempts: 2, error: 'never' })
  const listed = locate(
    broken,
    a,
    seen({ state: 'dead', attempts: 5, error: 'e', died_at: '2025-11-25T12:01:00Z' }),
    [],
    [],
  )
  expect(listed).toMatchObject({ stage: 'dead', at: sentAt + 60_000, attempts: 5 })
})
