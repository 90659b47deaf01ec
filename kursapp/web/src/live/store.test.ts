import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Hello, LogEvent, Sample } from '../api/types.ts'
import { resetClock } from '../lib/clock.ts'
import { createLive } from './store.ts'

/** An EventSource that says what the test wants. */
class Source {
  static all: Source[] = []
  onerror: (() => void) | null = null
  closed = false
  readonly #heard = new Map<string, (e: { data: string }) => void>()

  constructor() {
    Source.all.push(this)
  }

  static get last(): Source {
    const last = Source.all.at(-1)
    if (!last) throw new Error('no stream was opened')
    return last
  }

  addEventListener(type: string, listener: (e: { data: string }) => void) {
    this.#heard.set(type, listener)
  }

  say(type: string, data: unknown) {
    this.#heard.get(type)?.({ data: JSON.stringify(data) })
  }

  close() {
    this.closed = true
  }
}

const sample = (t: number) => ({ t }) as Sample
const event = (seq: number) => ({ seq, kind: 'hit', key: 'k' }) as LogEvent
const hello = (t: number, events: LogEvent[] = []): Partial<Hello> => ({
  now: t,
  started_at: 1,
  samples: [sample(t)],
  events,
})

let live: ReturnType<typeof createLive>

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', Source)
  vi.stubGlobal('BroadcastChannel', undefined)
  Source.all = []
  resetClock()
  live = createLive('/web/live')
  live.start()
})

afterEach(() => {
  live.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('the live store', () => {
  it('is live once the server has greeted', () => {
    expect(live.get().state).toBe('connecting')
    Source.last.say('hello', hello(1000, [event(1)]))
    vi.advanceTimersByTime(250)
    expect(live.get().state).toBe('live')
    expect(live.get().events).toHaveLength(1)
  })

  it('says within two seconds that it hears nothing more, and since when', () => {
    Source.last.say('hello', hello(50_000))
    vi.advanceTimersByTime(1500)
    expect(live.get().state).toBe('live')
    vi.advanceTimersByTime(700)
    expect(live.get().state).toBe('lost')
    expect(live.get().lostSince).toBe(50_000)
    Source.last.say('sample', sample(53_000))
    expect(live.get().state).toBe('live')
    expect(live.get().lostSince).toBeUndefined()
  })

  it('comes back by itself, ever less often', () => {
    Source.last.say('hello', hello(1000))
    Source.last.onerror?.()
    expect(live.get().state).toBe('lost')
    expect(Source.all).toHaveLength(1)
    vi.advanceTimersByTime(700)
    expect(Source.all).toHaveLength(2)
    Source.last.onerror?.()
    vi.advanceTimersByTime(700)
    expect(Source.all).toHaveLength(2)
    vi.advanceTimersByTime(1000)
    expect(Source.all).toHaveLength(3)
    expect(Source.all.slice(0, 2).every((s) => s.closed)).toBe(true)
  })

  it('gives up a stream that the server ended', () => {
    Source.last.say('hello', hello(1000))
    Source.last.say('end', { reason: 'session' })
    vi.advanceTimersByTime(60_000)
    expect(Source.all).toHaveLength(1)
    expect(live.get().state).toBe('off')
  })

  it('comes back to a server that stopped', () => {
    Source.last.say('hello', hello(1000))
    Source.last.say('end', { reason: 'stop' })
    expect(live.get().state).toBe('lost')
    vi.advanceTimersByTime(1000)
    expect(Source.all).toHaveLength(2)
    Source.last.say('hello', hello(2000))
    expect(live.get().state).toBe('live')
  })

  it('paints at most four times a second', () => {
    Source.last.say('hello', hello(1000))
    vi.advanceTimersByTime(500)
    let paints = 0
    live.subscribe(() => {
      paints += 1
    })
    for (let i = 0; i < 100; i++) {
      Source.last.say('events', { events: [event(10 + i)], left_out: 0 })
      vi.advanceTimersByTime(10)
    }
    expect(paints).toBeGreaterThan(0)
    expect(paints).toBeLessThanOrEqual(5)
    vi.advanceTimersByTime(250)
    expect(live.get().events.at(-1)?.seq).toBe(109)
  })

  it('stands still while paused, and shows what came when asked', () => {
    Source.last.say('hello', hello(1000, [event(1)]))
    vi.advanceTimersByTime(300)
    live.pause(true)
    Source.last.say('events', { events: [event(2), event(3)], left_out: 0 })
    vi.advanceTimersByTime(300)
    expect(live.get().events).toHaveLength(1)
    expect(live.get().held).toBe(2)
    live.showHeld()
    expect(live.get().events).toHaveLength(3)
    expect(live.get().paused).toBe(true)
    Source.last.say('events', { events: [event(4)], left_out: 0 })
    vi.advanceTimersByTime(300)
    expect(live.get().held).toBe(1)
    live.pause(false)
    expect(live.get().events).toHaveLength(4)
    expect(live.get().held).toBe(0)
  })
})
