import { ask } from '../../api/client.ts'
import { ApiError } from '../../api/errors.ts'

/** What became of one request. `left` and `resetMs` are what the server counted; undefined where nobody did. */
export interface Reply {
  outcome: 'allowed' | 'denied' | 'failed'
  status: number
  left: number | undefined
  limit: number | undefined
  resetMs: number | undefined
  header: string
  ms: number
}

/** The most that one burst sends. */
export const mostInBurst = 30

/** The figure of a name in a RateLimit header: r is what is left, t the seconds until the reset, q the quota. */
export function figureOf(header: string | null, name: 'r' | 't' | 'q' | 'w'): number | undefined {
  const found = new RegExp(`;\\s*${name}=(\\d+)`).exec(header ?? '')?.[1]
  return found === undefined ? undefined : Number(found)
}

async function sendOne(signal: AbortSignal): Promise<Reply> {
  const began = performance.now()
  const took = () => performance.now() - began
  try {
    const { headers, status } = await ask('/api/data', { signal })
    const header = headers.get('RateLimit')
    const seconds = figureOf(header, 't')
    return {
      outcome: 'allowed',
      status,
      left: figureOf(header, 'r'),
      limit: figureOf(headers.get('RateLimit-Policy'), 'q'),
      resetMs: seconds === undefined ? undefined : seconds * 1000,
      header: header ? `RateLimit: ${header}` : '',
      ms: took(),
    }
  } catch (err) {
    if (signal.aborted) throw err
    const refusal = err instanceof ApiError ? err : undefined
    const denied = refusal?.status === 429
    return {
      outcome: denied ? 'denied' : 'failed',
      status: refusal?.status ?? 0,
      left: denied ? 0 : undefined,
      limit: undefined,
      resetMs: denied ? refusal?.retryAfter : undefined,
      header: denied && refusal?.retryAfter !== undefined ? `Retry-After: ${refusal.retryAfter / 1000}` : '',
      ms: took(),
    }
  }
}

/** Sends requests one after another and tells each reply. Gives up where the server does not answer. */
export async function burst(n: number, signal: AbortSignal, tell: (reply: Reply) => void): Promise<void> {
  for (let i = 0; i < Math.min(n, mostInBurst); i++) {
    const reply = await sendOne(signal)
    tell(reply)
    if (reply.outcome === 'failed' && reply.status === 0) return
  }
}

export interface Tally {
  allowed: number
  denied: number
  failed: number
  /** Some were admitted without anybody counting. */
  uncounted: boolean
}

export function tally(replies: readonly Reply[]): Tally {
  const count = (outcome: Reply['outcome']) => replies.filter((r) => r.outcome === outcome).length
  return {
    allowed: count('allowed'),
    denied: count('denied'),
    failed: count('failed'),
    uncounted: replies.some((r) => r.outcome === 'allowed' && r.left === undefined),
  }
}
