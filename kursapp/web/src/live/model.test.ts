import { describe, expect, it } from 'vitest'
import type { Hello, LogEvent, Sample } from '../api/types.ts'
import { empty, keptEvents, keptSamples, tell } from './model.ts'

const sample = (t: number) => ({ t }) as Sample
const event = (seq: number) => ({ seq, kind: 'hit' }) as LogEvent
const hello = (startedAt: number, samples: Sample[], events: LogEvent[]) =>
  ({ started_at: startedAt, samples, events }) as Hello

describe('the live model', () => {
  it('keeps what it has seen when the same server greets again, and adds what it missed', () => {
    let m = tell(empty, { type: 'hello', data: hello(1, [sample(1)], [event(1), event(2)]) })
    m = tell(m, { type: 'events', data: { events: [event(3)], left_out: 2 } })
    m = tell(m, { type: 'hello', data: hello(1, [sample(1), sample(2)], [event(3), event(5)]) })
    expect(m.events.map((e) => e.seq)).toEqual([1, 2, 3, 5])
    expect(m.samples.map((s) => s.t)).toEqual([1, 2])
    expect(m.leftOut).toBe(2)
  })

  it('forgets everything of a server that started anew', () => {
    let m = tell(empty, { type: 'hello', data: hello(1, [sample(1)], [event(900)]) })
    m = tell(m, { type: 'hello', data: hello(2, [], [event(1)]) })
    expect(m.events.map((e) => e.seq)).toEqual([1])
    expect(m.samples).toEqual([])
  })

  it('does not take the same event or sample twice', () => {
    let m = tell(empty, { type: 'hello', data: hello(1, [sample(5)], [event(7)]) })
    m = tell(m, { type: 'events', data: { events: [event(7), event(8)], left_out: 0 } })
    m = tell(m, { type: 'sample', data: sample(5) })
    expect(m.events.map((e) => e.seq)).toEqual([7, 8])
    expect(m.samples).toHaveLength(1)
  })

  it('is bounded', () => {
    let m = empty
    for (let i = 1; i <= keptSamples + 50; i++) m = tell(m, { type: 'sample', data: sample(i) })
    for (let i = 0; i < 100; i++) {
      const events = Array.from({ length: 20 }, (_, j) => event(i * 20 + j))
      m = tell(m, { type: 'events', data: { events, left_out: 0 } })
    }
    expect(m.samples).toHaveLength(keptSamples)
    expect(m.samples.at(-1)?.t).toBe(keptSamples + 50)
    expect(m.events).toHaveLength(keptEvents)
    expect(m.events.at(-1)?.seq).toBe(1999)
  })
})
