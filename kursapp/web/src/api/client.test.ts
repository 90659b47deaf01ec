import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { setLang } from '../i18n/lang.ts'
import { ask, send } from './client.ts'
import { ApiError, NetworkError, UnreadableError } from './errors.ts'

const fetched = vi.fn<typeof fetch>()

beforeEach(() => {
  fetched.mockReset()
  vi.stubGlobal('fetch', fetched)
})

afterEach(async () => {
  await setLang('de')
  vi.unstubAllGlobals()
})

const problem = (status: number, body: object, headers: Record<string, string> = {}) =>
  fetched.mockResolvedValue(new Response(JSON.stringify({ status, ...body }), { status, headers }))

it('asks in the language of the page', async () => {
  fetched.mockImplementation(async () => new Response('{}'))
  await ask('/users/1')
  expect(fetched.mock.calls[0]?.[1]?.headers).toMatchObject({ 'Accept-Language': 'de' })
  await setLang('en')
  await ask('/users/1')
  expect(fetched.mock.calls[1]?.[1]?.headers).toMatchObject({ 'Accept-Language': 'en' })
})

// With cache: 'no-store' a browser says no-cache, and every read would bypass the cache.
it('leaves the cache mode alone', async () => {
  fetched.mockResolvedValue(new Response('{}'))
  await ask('/users/1')
  expect(fetched.mock.calls[0]?.[1]).not.toHaveProperty('cache')
  expect(fetched.mock.calls[0]?.[1]?.headers).not.toHaveProperty('Cache-Control')
})

it('throws what the server says, field by field', async () => {
  problem(
    422,
    {
      title: 'Ungültige Eingabe',
      detail: 'Feld „name“ fehlt',
      errors: [{ location: 'body.name', message: 'fehlt' }],
    },
    { 'Retry-After': '7' },
  )
  const err = await send('PUT', '/users/1', {}).catch((e: unknown) => e)
  expect(err).toBeInstanceOf(ApiError)
  if (!(err instanceof ApiError)) return
  expect(err.message).toBe('Feld „name“ fehlt')
  expect(err.field('name')).toBe('fehlt')
  expect(err.field('email')).toBe('')
  expect(err.retryAfter).toBe(7000)
})

it('tells a silent server from one that refuses', async () => {
  fetched.mockRejectedValue(new TypeError('Failed to fetch'))
  await expect(ask('/users/1')).rejects.toBeInstanceOf(NetworkError)
  fetched.mockResolvedValue(new Response('<html>', { status: 502 }))
  await expect(ask('/users/1')).rejects.toBeInstanceOf(UnreadableError)
})

it('does not call the server gone when the caller gave up', async () => {
  const stop = new AbortController()
  fetched.mockImplementation(async () => {
    stop.abort()
    throw new DOMException('aborted', 'AbortError')
  })
  await expect(ask('/users/1', { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' })
})
