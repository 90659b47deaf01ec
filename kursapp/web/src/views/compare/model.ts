import type { Comparison, Tier, WayResult } from '../../api/types.ts'

/** One way as it is shown, wherever it was measured. Times are microseconds. */
export interface Way {
  tier: Tier
  /** Through or past the cache, where the browser measured. */
  via?: 'cache' | 'past'
  n: number
  errors: number
  throughput: number
  p50: number
  p90: number
  p99: number
  min: number
  max: number
  mean: number
  histogram: readonly { le_us: number; n: number }[]
  /** How many each tier answered, where that is not one alone. */
  answeredBy?: Partial<Record<Tier, number>>
  /** The server's share of p50, as it said itself. */
  serverP50?: number
}

/** A finished measurement. */
export interface Measured {
  where: 'server' | 'browser'
  at: number
  requests: number
  concurrency: number
  ways: Way[]
  /** What makes the figures what they are: processors, versions. */
  machine: string[]
  note: string
}

export const orderOfTiers: readonly Tier[] = ['database', 'redis', 'local']

export function wayOf(w: WayResult): Way {
  return {
    tier: w.way,
    n: w.done,
    errors: w.errors,
    throughput: w.throughput,
    p50: w.p50_us,
    p90: w.p90_us,
    p99: w.p99_us,
    min: w.min_us,
    max: w.max_us,
    mean: w.mean_us,
    histogram: w.histogram,
  }
}

/** How far a comparison is: each way's share, and the one that is under way. */
export function progressOf(c: Comparison): { share: Record<Tier, number>; at: Tier; done: number } {
  const share: Record<Tier, number> = { database: 0, redis: 0, local: 0 }
  let at: Tier = 'database'
  let done = 0
  for (const tier of orderOfTiers) {
    const way = c.ways.find((w) => w.way === tier)
    const got = way ? way.done + way.errors : 0
    share[tier] = Math.min(1, c.requests > 0 ? got / c.requests : 0)
    // The last way that has begun is the one under way; the others have ended before it.
    if (got > 0) {
      at = tier
      done = Math.min(got, c.requests)
    }
  }
  return { share, at, done }
}

/** How many times faster than the first way each other one was, by p50. */
export function speedups(ways: readonly Way[]): { way: Way; factor: number }[] {
  const slow = ways[0]
  if (!slow || slow.p50 <= 0) return []
  return ways.slice(1).flatMap((way) => (way.p50 > 0 ? [{ way, factor: slow.p50 / way.p50 }] : []))
}

/** A factor as it is said: not more exact than it is known. */
export function rounded(factor: number): number {
  if (factor < 10) return Math.round(factor * 10) / 10
  const step = 10 ** (Math.floor(Math.log10(factor)) - 1)
  return Math.round(factor / step) * step
}

// Ten bins for each power of ten: fine enough for a shape, coarse enough for few samples.
export const binsPerDecade = 10
const binOf = (us: number) => Math.ceil(Math.log10(us) * binsPerDecade - 1e-9)
/** The longest time in a bin. */
export const endOfBin = (bin: number) => 10 ** (bin / binsPerDecade)

export interface Spread {
  /** The first bin; the others follow. */
  from: number
  bins: number
  /** For each way each bin's share of the requests. */
  shares: number[][]
  /** Each way's highest share. */
  tops: number[]
}

/** Brings the histograms of all ways into the same bins. */
export function spread(ways: readonly Way[]): Spread | undefined {
  let from = Infinity
  let to = -Infinity
  for (const way of ways) {
    for (const b of way.histogram) {
      if (b.n <= 0 || b.le_us <= 0) continue
      from = Math.min(from, binOf(b.le_us))
      to = Math.max(to, binOf(b.le_us))
    }
  }
  if (from > to) return undefined
  from -= 1 // so that the first shape begins at the ground
  to += 1
  const bins = to - from + 1
  const shares = ways.map((way) => {
    const counts = new Array<number>(bins).fill(0)
    let all = 0
    for (const b of way.histogram) {
      if (b.n <= 0 || b.le_us <= 0) continue
      counts[binOf(b.le_us) - from] = (counts[binOf(b.le_us) - from] ?? 0) + b.n
      all += b.n
    }
    return counts.map((n) => (all > 0 ? n / all : 0))
  })
  return { from, bins, shares, tops: shares.map((s) => Math.max(...s)) }
}

/** Where a time stands between the edges of a spread, from 0 to 1. */
export function placeOf(us: number, s: Spread): number {
  const at = (Math.log10(us) * binsPerDecade - (s.from - 1)) / s.bins
  return Math.min(1, Math.max(0, at))
}

/** The powers of ten within a spread. */
export function decades(s: Spread): number[] {
  const first = Math.ceil((s.from - 1) / binsPerDecade)
  const last = Math.floor((s.from - 1 + s.bins) / binsPerDecade)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i))
}

/** The outline of a histogram in a box that is as wide as it has bins and 1 high. */
export function outline(shares: readonly number[], top: number, height = 1): string {
  const y = (share: number) => (height * (1 - (top > 0 ? share / top : 0))).toFixed(3)
  const steps = shares.map((share, i) => `L${i} ${y(share)}H${i + 1}`).join('')
  return `M0 ${height}${steps}L${shares.length} ${height}Z`
}

/**
 * Where the scale of the bars ends. A p99 that is far away would make all bars as thin as lines:
 * its whisker is cut instead.
 */
export function scaleOf(ways: readonly Way[]): number {
  const p50 = Math.max(...ways.map((w) => w.p50))
  const p99 = Math.max(...ways.map((w) => w.p99))
  return Math.max(Math.min(p99, 4 * p50), 1e-9)
}

/** A whole number in bounds, or what stands for it. */
export function bounded(text: string | null, least: number, most: number, otherwise: number): number {
  if (!text || !/^\d{1,9}$/.test(text)) return otherwise
  return Math.min(most, Math.max(least, Number(text)))
}
