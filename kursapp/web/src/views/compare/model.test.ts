import { expect, it } from 'vitest'
import type { Comparison, WayResult } from '../../api/types.ts'
import {
  bounded,
  decades,
  outline,
  placeOf,
  progressOf,
  rounded,
  scaleOf,
  speedups,
  spread,
  type Way,
} from './model.ts'

const way = (tier: Way['tier'], p50: number, histogram: Way['histogram'] = []): Way => ({
  tier,
  n: 1000,
  errors: 0,
  throughput: 1,
  p50,
  p90: p50,
  p99: p50,
  min: p50,
  max: p50,
  mean: p50,
  histogram,
})

it('compares with the first way, and leaves out what was not measured', () => {
  const ways = [way('database', 2400), way('redis', 300), way('local', 0)]
  expect(speedups(ways).map((s) => [s.way.tier, s.factor])).toEqual([['redis', 8]])
  expect(speedups([way('database', 0), way('redis', 300)])).toEqual([])
  expect(speedups([])).toEqual([])
})

it('says a factor no more exactly than it is known', () => {
  expect([0.123, 1.04, 7.74, 9.96, 12.4, 387, 3871].map(rounded)).toEqual([0.1, 1, 7.7, 10, 12, 390, 3900])
})

it('brings histograms into bins that hold all requests', () => {
  const s = spread([
    way('database', 2000, [
      { le_us: 1000, n: 1 },
      { le_us: 2000, n: 3 },
    ]),
    way('local', 0.5, [{ le_us: 0.5, n: 7 }]),
  ])
  if (!s) throw new Error('no spread')
  for (const shares of s.shares) {
    expect(shares).toHaveLength(s.bins)
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9)
  }
  expect(s.tops).toEqual([0.75, 1])
  // A time lies in the bin that its share is drawn in.
  const drawn = s.shares[0]?.indexOf(0.75) ?? -1
  expect(Math.floor(placeOf(1999, s) * s.bins)).toBe(drawn)
  // A bin ends with its longest time: exactly 1 ms belongs to the bin before.
  expect(s.shares[0]?.[Math.round(placeOf(1000, s) * s.bins) - 1]).toBe(0.25)
})

it('has no spread where nothing was counted', () => {
  expect(spread([])).toBeUndefined()
  expect(spread([way('redis', 1, [{ le_us: 5, n: 0 }])])).toBeUndefined()
})

it('marks the powers of ten that lie within', () => {
  const s = spread([
    way('redis', 30, [
      { le_us: 8, n: 1 },
      { le_us: 1200, n: 1 },
    ]),
  ])
  if (!s) throw new Error('no spread')
  expect(decades(s).map((us) => Math.round(us))).toEqual([10, 100, 1000])
  for (const us of decades(s)) expect(placeOf(us, s)).toBeGreaterThanOrEqual(0)
})

it('draws an outline that begins and ends on the ground', () => {
  expect(outline([0.5, 1], 1)).toBe('M0 1L0 0.500H1L1 0.000H2L2 1Z')
  expect(outline([0, 0], 0)).not.toContain('NaN')
})

it('knows how far a comparison is while only some ways have begun', () => {
  const began = (w: Partial<WayResult>[]) => ({ requests: 100, ways: w }) as unknown as Comparison
  expect(progressOf(began([]))).toEqual({
    share: { database: 0, redis: 0, local: 0 },
    at: 'database',
    done: 0,
  })
  const p = progressOf(
    began([
      { way: 'database', done: 98, errors: 2 },
      { way: 'redis', done: 40, errors: 0 },
    ]),
  )
  expect(p).toEqual({ share: { database: 1, redis: 0.4, local: 0 }, at: 'redis', done: 40 })
})

it('takes only whole numbers in bounds from the URL', () => {
  expect(bounded('500', 10, 1000, 200)).toBe(500)
  expect(bounded('99999', 10, 1000, 200)).toBe(1000)
  expect(bounded('1', 10, 1000, 200)).toBe(10)
  for (const text of [null, '', '-3', '1e9', '12x', '99999999999'])
    expect(bounded(text, 10, 1000, 200)).toBe(200)
})

it('keeps the bars visible beside a p99 that is far away', () => {
  const with99 = (p50: number, p99: number) => ({ ...way('database', p50), p99 })
  expect(scaleOf([with99(400, 900), with99(100, 200)])).toBe(900)
  expect(scaleOf([with99(400, 43_500), with99(100, 9800)])).toBe(1600)
  expect(scaleOf([with99(0, 0)])).toBeGreaterThan(0)
})
