import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { act, cleanup, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { get } from '../api/client.ts'
import { useMe } from '../api/me.ts'
import { ReachWatch } from './ReachWatch.tsx'

let up = true
let asked: string[] = []

function View() {
  useMe()
  const { data, error } = useQuery({
    queryKey: ['x'],
    queryFn: () => get<{ x: string }>('/x'),
    retry: false,
    networkMode: 'always',
  })
  return <p>{data ? data.x : error ? 'failed' : 'loading'}</p>
}

beforeEach(() => {
  vi.useFakeTimers()
  up = false
  asked = []
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    if (!up) throw new TypeError('refused')
    return new Response(JSON.stringify({ x: 'here', now: new Date().toISOString() }))
  })
})

afterEach(() => {
  cleanup()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('goes on by itself once the server answers again, and asks nothing that counts until then', async () => {
  const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms))
  render(
    <QueryClientProvider
      client={new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: 'always' } } })}
    >
      <ReachWatch />
      <View />
    </QueryClientProvider>,
  )
  await pass(100)
  expect(screen.queryByText('failed')).not.toBeNull()
  asked = []
  await pass(10_000)
  expect(new Set(asked)).toEqual(new Set(['/web/me']))
  up = true
  await pass(4000)
  expect(screen.queryByText('here')).not.toBeNull()
  asked = []
  await pass(20_000)
  expect(asked).toEqual([])
})
