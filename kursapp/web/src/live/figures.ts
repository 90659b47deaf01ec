import type { Latency, Reads, Sample, Tier } from '../api/types.ts'

/** The samples of the last so many milliseconds before the newest one. */
export function lastOf(samples: readonly Sample[], ms: number): readonly Sample[] {
  const newest = samples.at(-1)
  if (!newest) return []
  const from = newest.t - ms
  let i = samples.length
  while (i > 0 && (samples[i - 1]?.t ?? 0) > from) i -= 1
  return samples.slice(i)
}

/** What all samples together read. */
export function readsOf(samples: readonly Sample[]): Reads & { all: number } {
  const sum = { local: 0, redis: 0, database: 0, stale: 0, error: 0, all: 0 }
  for (const { reads } of samples) {
    sum.local += reads.local
    sum.redis += reads.redis
    sum.database += reads.database
    sum.stale += reads.stale
    sum.error += reads.error
  }
  sum.all = sum.local + sum.redis + sum.database + sum.stale + sum.error
  return sum
}

/** Answers out of the cache among all; undefined where nothing was read. */
export function hitRatio(reads: Reads & { all: number }): number | undefined {
  return reads.all === 0 ? undefined : (reads.local + reads.redis) / reads.all
}

/** Things that happened, summed up. */
export function sumOf(samples: readonly Sample[], of: (s: Sample) => number): number {
  let sum = 0
  for (const s of samples) sum += of(s)
  return sum
}

/** Percentiles of a second, which knows none where nothing happened. */
interface MaybeLatency {
  n: number
  p50_us: number | null
  p99_us: number | null
}

/**
 * Percentiles over several seconds. Each second tells its own, and what lies between is not
 * known, so the result is an estimate: the median of the seconds' medians and the
 * mean of their p99, each second weighing as much as it has answers.
 */
export function latencyOver(parts: readonly (MaybeLatency | null)[]): Latency | null {
  const known = parts.filter(
    (l): l is Latency => l !== null && l.n > 0 && l.p50_us !== null && l.p99_us !== null,
  )
  const n = known.reduce((sum, l) => sum + l.n, 0)
  if (n === 0) return null
  const byMedian = known.toSorted((a, b) => a.p50_us - b.p50_us)
  let passed = 0
  const middle = byMedian.find((l) => {
    passed += l.n
    return passed * 2 >= n
  })
  const p99 = known.reduce((sum, l) => sum + l.p99_us * l.n, 0) / n
  return { n, p50_us: middle?.p50_us ?? 0, p99_us: p99 }
}

export function tierLatency(samples: readonly Sample[], tier: Tier): Latency | null {
  return latencyOver(samples.map((s) => s.latency[tier]))
}

/** One place of a chart that shows several samples as one. */
export interface Bucket {
  /** When it begins, on the server's clock. */
  t: number
  samples: Sample[]
}

/**
 * Samples in buckets of equal length up to the newest one, with a null for each bucket in which
 * nothing was heard: a gap must stay a gap. Buckets begin at fixed times, so that a chart
 * moves on by whole places and does not tremble in between. The newest, which is still
 * filling, is left out.
 */
export function bucketsOf(samples: readonly Sample[], ms: number, most: number): (Bucket | null)[] {
  const newest = samples.at(-1)
  const oldest = samples[0]
  if (!newest || !oldest) return []
  const end = Math.floor(newest.t / ms)
  const first = Math.max(Math.floor(oldest.t / ms), end - most)
  const buckets: (Bucket | null)[] = Array.from({ length: Math.max(0, end - first) }, () => null)
  for (const s of samples) {
    const at = Math.floor(s.t / ms) - first
    if (at < 0 || at >= buckets.length) continue
    const bucket = buckets[at] ?? { t: (first + at) * ms, samples: [] }
    bucket.samples.push(s)
    buckets[at] = bucket
  }
  return buckets
}
