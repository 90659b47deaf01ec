import { afterEach, expect, it, vi } from 'vitest'
import { burst, figureOf, mostInBurst, type Reply, tally } from './burst.ts'

afterEach(() => vi.unstubAllGlobals())

const allowed = (left: number) =>
  new Response('{"message":"x"}', {
    headers: { RateLimit: `"data";r=${left};t=58`, 'RateLimit-Policy': '"data";q=10;w=60' },
  })
const denied = () =>
  new Response('{"title":"x","status":429,"detail":"y"}', { status: 429, headers: { 'Retry-After': '58' } })

async function send(n: number, fetch: () => Promise<Response>, signal = new AbortController().signal) {
  vi.stubGlobal('fetch', fetch)
  const replies: Reply[] = []
  await burst(n, signal, (r) => replies.push(r))
  return replies
}

it('tells ten admitted and five refused, and when it is over', async () => {
  let n = 0
  const replies = await send(15, async () => (n++ < 10 ? allowed(10 - n) : denied()))
  expect(tally(replies)).toEqual({ allowed: 10, denied: 5, failed: 0, uncounted: false })
  expect(replies[0]).toMatchObject({ left: 9, limit: 10, resetMs: 58_000, status: 200 })
  expect(replies[14]).toMatchObject({ left: 0, resetMs: 58_000, status: 429, header: 'Retry-After: 58' })
})

it('sees that nobody counted', async () => {
  const replies = await send(3, async () => new Response('{}'))
  expect(tally(replies)).toEqual({ allowed: 3, denied: 0, failed: 0, uncounted: true })
})

it('takes a refusal for another reason for a failure, and goes on', async () => {
  const replies = await send(2, async () => new Response('{"status":503,"detail":"x"}', { status: 503 }))
  expect(replies.map((r) => [r.outcome, r.status, r.left])).toEqual([
    ['failed', 503, undefined],
    ['failed', 503, undefined],
  ])
})

it('does not go on asking a server that is gone', async () => {
  const replies = await send(15, async () => {
    throw new TypeError('failed')
  })
  expect(replies).toHaveLength(1)
})

it('is bounded, and can be stopped', async () => {
  expect(await send(10_000, async () => allowed(1))).toHaveLength(mostInBurst)
  const control = new AbortController()
  let n = 0
  const stopped = send(
    15,
    async () => {
      if (++n === 3) {
        control.abort()
        throw control.signal.reason
      }
      return allowed(1)
    },
    control.signal,
  )
  await expect(stopped).rejects.toThrow()
  expect(n).toBe(3)
})

it('reads the figures of a header', () => {
  expect(figureOf('"data";r=7;t=42', 'r')).toBe(7)
  expect(figureOf('"data"; r=7; t=42', 't')).toBe(42)
  expect(figureOf('"r=9";t=1', 'r')).toBeUndefined()
  expect(figureOf(null, 'r')).toBeUndefined()
})
