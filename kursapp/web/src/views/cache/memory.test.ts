import { expect, it } from 'vitest'
import type { Inspection, LogEvent } from '../../api/types.ts'
import { createMemory } from './memory.ts'

const event = (seq: number, kind: LogEvent['kind'], t: number) =>
  ({ seq, kind, t, key: 'cache:user:1' }) as LogEvent

it('calls a key cold that nobody has seen', () => {
  expect(createMemory().whyMissed('cache:user:1')).toBe('cold')
})

it('says whether the entry ran out or was removed', () => {
  const m = createMemory()
  m.see([event(1, 'fill', 10)])
  expect(m.whyMissed('cache:user:1')).toBe('expired')
  m.see([event(1, 'fill', 10), event(2, 'invalidate', 20)])
  expect(m.whyMissed('cache:user:1')).toBe('invalidated')
  m.see([event(3, 'fill', 30)])
  expect(m.whyMissed('cache:user:1')).toBe('expired')
})

it('takes an entry that was looked at for stored', () => {
  const m = createMemory()
  m.looked({ key: 'cache:user:1', now: 5, local: { present: false }, redis: { present: true } } as Inspection)
  expect(m.whyMissed('cache:user:1')).toBe('expired')
  expect(m.whyMissed('cache:user:2')).toBe('cold')
})
