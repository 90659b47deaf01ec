import { afterEach, expect, it, vi } from 'vitest'
import { csvOf } from './csv.ts'
import { measure, percentile, serverMicros, summary, tierOf } from './measure.ts'

afterEach(() => vi.unstubAllGlobals())

const plan = { userId: 7, requests: 20, concurrency: 4, progress: () => {} }
const answer = (status: string) =>
  new Response('{"id":7}', {
    headers: { 'Cache-Status': status, 'Server-Timing': 'cache;dur=0.4, db;dur=2.1' },
  })

it('asks past the cache and then through it, and never more at once than allowed', async () => {
  let open = 0
  let most = 0
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    open += 1
    most = Math.max(most, open)
    await Promise.resolve()
    open -= 1
    const past = new Headers(init.headers).get('Cache-Control') === 'no-cache'
    asked.push(`${url} ${past ? 'past' : 'cache'}`)
    return answer(past ? 'kursapp; fwd=bypass; stored; detail=database' : 'kursapp; hit; ttl=9; detail=local')
  })
  const ways = await measure({ ...plan, signal: new AbortController().signal })
  expect(most).toBeLessThanOrEqual(4)
  expect(ways.map((w) => [w.via, w.tier, w.n])).toEqual([
    ['past', 'database', 20],
    ['cache', 'local', 20],
  ])
  expect(ways[1]?.answeredBy).toEqual({ local: 20 })
  // All of one kind before the other, with the same warm-up.
  expect(asked).toEqual([...Array(25).fill('/users/7 past'), ...Array(25).fill('/users/7 cache')])
})

it('ends with the first request that fails, and when it is given up', async () => {
  let n = 0
  vi.stubGlobal('fetch', async () => {
    n += 1
    if (n > 10) throw new TypeError('failed')
    return answer('kursapp; fwd=bypass; detail=database')
  })
  await expect(measure({ ...plan, signal: new AbortController().signal })).rejects.toThrow('no answer')

  const control = new AbortController()
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
    init.signal?.throwIfAborted()
    return answer('kursapp; fwd=bypass; detail=database')
  })
  const given = measure({ ...plan, signal: control.signal, progress: () => control.abort() })
  await expect(given).rejects.toThrow()
})

it('reads who answered, and what the server took', () => {
  expect(tierOf('kursapp; hit; ttl=57; detail=redis')).toBe('redis')
  expect(tierOf('kursapp; fwd=miss; stored; detail=database')).toBe('database')
  expect(tierOf(null)).toBe('database')
  expect(serverMicros('cache;dur=0.4, db;dur=2.1')).toBeCloseTo(2500, 6)
  expect(serverMicros(null)).toBeUndefined()
})

it('takes percentiles by rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  expect([0.5, 0.9, 0.99, 1].map((p) => percentile(hundred, p))).toEqual([50, 90, 99, 100])
  expect(percentile([], 0.5)).toBe(0)
  expect(percentile([3], 0.99)).toBe(3)
})

it('writes CSV that a machine reads and a spreadsheet does not run', () => {
  const w = summary([{ us: 1500.12345, tier: 'redis', server: 400 }], 'cache', 2)
  const csv = csvOf({
    where: 'browser',
    at: 0,
    requests: 1,
    concurrency: 1,
    ways: [w],
    machine: ['=cmd()', 'say "hi"'],
    note: '',
  })
  const [head, row, end] = csv.split('\r\n')
  expect(head?.split(',').slice(0, 5)).toEqual(['way', 'via', 'n', 'errors', 'p50_us'])
  expect(row).toContain('redis,cache,1,0,1500.123,')
  expect(row).toContain(`"'=cmd(), say ""hi"""`)
  expect(end).toBe('')
})
