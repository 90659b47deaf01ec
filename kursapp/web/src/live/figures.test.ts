import { expect, it } from 'vitest'
import type { Sample } from '../api/types.ts'
import { bucketsOf, hitRatio, lastOf, latencyOver, readsOf } from './figures.ts'

const at = (t: number, reads: Partial<Sample['reads']> = {}) =>
  ({ t, reads: { local: 0, redis: 0, database: 0, stale: 0, error: 0, ...reads } }) as Sample

it('counts the last minute and no more', () => {
  const samples = [
    at(0, { local: 5 }),
    at(30_000, { local: 3 }),
    at(60_000, { redis: 2 }),
    at(60_500, { database: 1 }),
  ]
  const reads = readsOf(lastOf(samples, 60_000))
  expect(reads.all).toBe(6)
  expect(hitRatio(reads)).toBeCloseTo(5 / 6)
})

it('knows no ratio of nothing', () => {
  expect(hitRatio(readsOf([at(1)]))).toBeUndefined()
})

it('weighs seconds by their answers', () => {
  const l = latencyOver([{ n: 1, p50_us: 9000, p99_us: 9000 }, null, { n: 99, p50_us: 10, p99_us: 20 }])
  expect(l?.p50_us).toBe(10)
  expect(l?.p99_us).toBeCloseTo(109.8)
  expect(l?.n).toBe(100)
  expect(latencyOver([null])).toBeNull()
})

it('keeps gaps, and leaves out the bucket that is still filling', () => {
  const buckets = bucketsOf([at(1000), at(2000), at(16_000), at(21_000)], 5000, 10)
  expect(buckets.map((b) => b?.samples.length ?? null)).toEqual([2, null, null, 1])
})

it('shows as many buckets as there is room for', () => {
  const samples = Array.from({ length: 100 }, (_, i) => at(i * 1000))
  const buckets = bucketsOf(samples, 5000, 4)
  expect(buckets).toHaveLength(4)
  expect(buckets.at(-1)?.t).toBe(90_000)
})
