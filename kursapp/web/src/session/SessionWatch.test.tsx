import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, render } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { meKey } from '../api/me.ts'
import { resetClock } from '../lib/clock.ts'
import { toast } from '../ui/toasts.ts'
import { SessionWatch } from './SessionWatch.tsx'

// What the server would say; `endsIn` is moved by what uses the session.
let began = 0
let endsIn = 20_000
let alive = true
let redis = true
const iso = (ms: number) => new Date(ms).toISOString()

function me() {
  const logged = redis && alive && Date.now() < began + endsIn
  return {
    mode: 'demo',
    version: 'test',
    now: iso(Date.now()),
    user: logged ? { id: 1, name: 'Max', email: 'max@example.com', role: 'admin' } : null,
    session: logged
      ? { id: 's', began_at: iso(began), idle_ends_at: iso(began + endsIn), ends_at: iso(began + 86_400_000) }
      : null,
    session_unknown: !redis,
    may: { operate: true, administer: logged },
  }
}

let client: QueryClient
let said: string[] = []

beforeEach(() => {
  vi.useFakeTimers()
  resetClock()
  began = Date.now()
  endsIn = 20_000
  alive = redis = true
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(me())))
  said = []
  vi.spyOn(toast, 'failed').mockImplementation((text) => said.push(text))
  client = new QueryClient()
  render(
    <QueryClientProvider client={client}>
      <SessionWatch />
    </QueryClientProvider>,
  )
})

afterEach(() => {
  cleanup()
  client.clear()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms))

it('tells of a session that runs out while the page is open, and forgets what it was shown', async () => {
  await pass(100)
  client.setQueryData(['devices'], ['secret'])
  await pass(19_000)
  expect(said).toEqual([])
  await pass(2000) // well before the next regular question
  expect(said).toEqual(['Deine Sitzung ist abgelaufen. Melde dich neu an.'])
  expect(client.getQueryData(['devices'])).toBeUndefined()
})

it('says nothing while the session is used elsewhere', async () => {
  await pass(100)
  endsIn = 1_800_000
  await pass(25_000)
  expect(said).toEqual([])
  expect(client.getQueryData<{ user: unknown }>(meKey)?.user).not.toBeNull()
})

it('does not take a Redis that is gone for the end, and still notices the end after it', async () => {
  await pass(100)
  endsIn = 1_800_000
  await pass(21_000) // asked again, and the later end is known
  redis = false
  await pass(61_000)
  expect(said).toEqual([])
  redis = true
  alive = false
  await pass(61_000)
  expect(said).toEqual(['Deine Sitzung wurde beendet. Melde dich neu an.'])
})
