import { describe, expect, it } from 'vitest'
import { parseCacheStatus, parseServerTiming } from './headers.ts'
import { readTrace, slotsAfter, type Trace, writeTrace } from './trace.ts'

const read = (status: string, more: Partial<Parameters<typeof readTrace>[0]> = {}) =>
  readTrace({
    status: parseCacheStatus(status),
    timing: parseServerTiming('cache;dur=0.6'),
    bypassed: false,
    why: 'cold',
    local: true,
    absent: false,
    ...more,
  })
const way = (t: Trace) => t.steps.map((s) => `${s.at}${s.does}`).join(' ')

describe('a read', () => {
  it('goes no further than memory where that answers', () => {
    const t = read('kursapp; hit; ttl=50; detail=local')
    expect(way(t)).toBe('0ask 1found 0answer')
    expect(t.tone).toBe('local')
    expect(t.us).toBe(600)
  })

  it('that Redis answers fills memory on the way back', () => {
    const t = read('kursapp; hit; ttl=48; detail=redis')
    expect(way(t)).toBe('0ask 1absent 2found 1fill 0answer')
    expect(t.steps[3]?.ttl).toBe(48_000)
  })

  it('does not stop at a memory that is not in use', () => {
    expect(way(read('kursapp; hit; ttl=48; detail=redis', { local: false }))).toBe('0ask 2found 0answer')
  })

  it('that misses fills Redis, and says why it missed', () => {
    const t = read('kursapp; fwd=miss; stored; detail=database', { why: 'invalidated' })
    expect(way(t)).toBe('0ask 1absent 2absent 3read 2fill 0answer')
    expect(t.outcome).toEqual({ is: 'database', reason: 'invalidated', stored: true, absent: false })
  })

  it('that bypasses asks nobody on the way', () => {
    const t = read('kursapp; fwd=bypass; stored; detail=database', { bypassed: true })
    expect(way(t)).toBe('0ask 3read 2fill 0answer')
    expect(t.tone).toBe('bypass')
  })

  it('tells Redis being gone from a bypass', () => {
    const t = read('kursapp; fwd=bypass; detail=database')
    expect(way(t)).toBe('0ask 2gone 3read 0answer')
    expect(t.outcome).toMatchObject({ reason: 'unavailable', stored: false })
  })

  it('tells an old value from one fetched anew', () => {
    expect(read('kursapp; fwd=stale; detail=redis').outcome.is).toBe('stale')
    expect(read('kursapp; fwd=stale; stored; detail=database').outcome).toMatchObject({
      is: 'database',
      reason: 'expired',
    })
  })

  it('invents no way where the answer says nothing', () => {
    expect(
      readTrace({
        ...{ status: undefined, timing: undefined, bypassed: false, why: 'cold', local: true, absent: false },
      }).outcome.is,
    ).toBe('unclear')
  })
})

it('fills and empties the boxes when the dot gets there, not before', () => {
  const { steps } = writeTrace()
  const before = { local: true, redis: true }
  expect(slotsAfter(before, steps.slice(0, 2))).toEqual({ local: true, redis: true })
  expect(slotsAfter(before, steps.slice(0, 3))).toEqual({ local: true, redis: false })
  expect(slotsAfter(before, steps)).toEqual({ local: false, redis: false })
})
