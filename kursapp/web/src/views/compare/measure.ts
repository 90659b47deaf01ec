import { ask } from '../../api/client.ts'
import type { Tier } from '../../api/types.ts'
import type { Way } from './model.ts'

/** What the browser may be told to do. A server that others use must not notice. */
export const browserBounds = { requests: 1000, concurrency: 4 }

const warmUp = 5

export interface Sample {
  us: number
  tier: Tier
  /** What the server said it took; undefined where it did not. */
  server: number | undefined
}

/** The tier in a Cache-Status header; the database where it says nothing. */
export function tierOf(header: string | null): Tier {
  const detail = /detail=(\w+)/.exec(header ?? '')?.[1]
  return detail === 'local' || detail === 'redis' ? detail : 'database'
}

/** Microseconds that the parts of a Server-Timing header add up to. */
export function serverMicros(header: string | null): number | undefined {
  const parts = [...(header ?? '').matchAll(/dur=([\d.]+)/g)]
  if (parts.length === 0) return undefined
  return parts.reduce((sum, p) => sum + Number(p[1]) * 1000, 0)
}

/** Reads a user through or past the cache, and says how long that took. */
async function read(userId: number, past: boolean, signal: AbortSignal): Promise<Sample> {
  const began = performance.now()
  const answer = await ask<unknown>(`/users/${userId}`, {
    signal,
    ...(past && { headers: { 'Cache-Control': 'no-cache' } }),
  })
  return {
    us: (performance.now() - began) * 1000,
    tier: tierOf(answer.headers.get('Cache-Status')),
    server: serverMicros(answer.headers.get('Server-Timing')),
  }
}

export interface Plan {
  userId: number
  requests: number
  concurrency: number
  signal: AbortSignal
  /** How many of a way's requests are done; called often. */
  progress(via: 'past' | 'cache', done: number): void
}

/**
 * Measures from the browser: past the cache first, then through it. The first request
 * that fails ends it.
 */
export async function measure(plan: Plan): Promise<Way[]> {
  const ways: Way[] = []
  for (const via of ['past', 'cache'] as const) {
    // The first requests open connections and fill the cache: they are not what is compared.
    for (let i = 0; i < warmUp; i++) await read(plan.userId, via === 'past', plan.signal)
    const samples: Sample[] = []
    let begun = 0
    const began = performance.now()
    const worker = async () => {
      while (begun < plan.requests) {
        begun += 1
        samples.push(await read(plan.userId, via === 'past', plan.signal))
        plan.progress(via, samples.length)
      }
    }
    await Promise.all(Array.from({ length: plan.concurrency }, worker))
    ways.push(summary(samples, via, performance.now() - began))
  }
  return ways
}

/** The figures of samples that took `ms` in all. */
export function summary(samples: readonly Sample[], via: 'past' | 'cache', ms: number): Way {
  const times = samples.map((s) => s.us).sort((a, b) => a - b)
  const server = samples.flatMap((s) => s.server ?? []).sort((a, b) => a - b)
  const answeredBy: Partial<Record<Tier, number>> = {}
  for (const s of samples) answeredBy[s.tier] = (answeredBy[s.tier] ?? 0) + 1
  const most = (Object.entries(answeredBy) as [Tier, number][]).sort((a, b) => b[1] - a[1])[0]
  return {
    tier: most?.[0] ?? 'database',
    via,
    n: times.length,
    errors: 0,
    throughput: ms > 0 ? (times.length * 1000) / ms : 0,
    p50: percentile(times, 0.5),
    p90: percentile(times, 0.9),
    p99: percentile(times, 0.99),
    min: times[0] ?? 0,
    max: times.at(-1) ?? 0,
    mean: times.length > 0 ? times.reduce((a, b) => a + b, 0) / times.length : 0,
    // A browser's clock may step by a tenth of a millisecond, so a time of 0 is possible.
    histogram: times.map((us) => ({ le_us: Math.max(us, 1), n: 1 })),
    answeredBy,
    ...(server.length > 0 && { serverP50: percentile(server, 0.5) }),
  }
}

/** The value that a share of the sorted ones does not exceed; 0 where there is none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
