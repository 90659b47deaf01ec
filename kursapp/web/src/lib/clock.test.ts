import { beforeEach, expect, it, vi } from 'vitest'
import { observeServerTime, resetClock, serverNow } from './clock.ts'

beforeEach(() => {
  resetClock()
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
})

it('is right with a browser clock that is five minutes off', () => {
  const server = Date.now() + 300_000
  const at = performance.now()
  observeServerTime(server, at, at)
  vi.advanceTimersByTime(1000)
  expect(serverNow()).toBeCloseTo(server + 1000, 0)
})

it('does not jump when the browser clock is set', () => {
  const at = performance.now()
  observeServerTime(1_000_000, at, at)
  vi.setSystemTime(Date.now() + 3_600_000)
  expect(serverNow()).toBeCloseTo(1_000_000, 0)
})

it('believes the shortest round trip', () => {
  const at = performance.now()
  observeServerTime(1_000_000, at, at + 10)
  observeServerTime(1_400_000, at, at + 900)
  expect(serverNow()).toBeLessThan(1_001_000)
})
