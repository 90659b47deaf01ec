import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { type Answer, ask } from '../../api/client.ts'
import { ApiError } from '../../api/errors.ts'
import type { Inspection, Message, Stampede, User } from '../../api/types.ts'
import { serverNow } from '../../lib/clock.ts'
import { parseCacheStatus, parseServerTiming } from './headers.ts'
import { memory } from './memory.ts'
import { invalidationTrace, readTrace, stampedeTrace, type Trace, warmingTrace, writeTrace } from './trace.ts'
import { keyOf } from './useInspection.ts'

export type Action = 'read' | 'bypass' | 'change' | 'invalidate' | 'warm' | 'stampede'

/** The last answer as it came, for those who want to see it. */
export interface Raw {
  method: string
  path: string
  bypass: boolean
  status: number
  headers: Headers
  body: string
  ms: number
}

/** What the last action led to: an error, or a way. */
export interface Result {
  id: number
  user: number
  action: Action
  trace?: Trace
  stampede?: Stampede
  error?: unknown
  raw?: Raw
  /** What the boxes held before. */
  before: { local: boolean; redis: boolean }
}

const readers = 100

/** The actions on one user, and what the last one led to. */
export function useActions(user: number) {
  const client = useQueryClient()
  const [busy, setBusy] = useState<Action>()
  const [result, setResult] = useState<Result>()
  const count = useRef(0)

  // Another user is another story.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the user is what changes
  useEffect(() => setResult(undefined), [user])

  async function act(action: Action, todo: (before: Inspection | undefined) => Promise<Partial<Result>>) {
    if (busy) return
    setBusy(action)
    count.current += 1
    const seen = client.getQueryData<Inspection>(['inspection', user])
    const before = { local: seen?.local.present ?? false, redis: seen?.redis?.present ?? false }
    const base = { id: count.current, user, action, before }
    try {
      setResult({ ...base, ...(await todo(seen)) })
    } catch (error) {
      setResult({ ...base, error })
    } finally {
      setBusy(undefined)
      void client.invalidateQueries({ queryKey: ['inspection', user] })
    }
  }

  const read = (bypass: boolean) =>
    act(bypass ? 'bypass' : 'read', async (seen) => {
      const path = `/users/${user}`
      const why = memory.whyMissed(keyOf(user))
      const tell = (a: Pick<Answer<unknown>, 'status' | 'headers'> & { body: string; ms: number }) => ({
        trace: readTrace({
          status: parseCacheStatus(a.headers.get('Cache-Status')),
          timing: parseServerTiming(a.headers.get('Server-Timing')),
          bypassed: bypass,
          why,
          local: seen?.local.enabled === true && seen.local.ready,
          absent: a.status === 404,
        }),
        raw: { method: 'GET', path, bypass, ...a },
      })
      const from = performance.now()
      try {
        const a = await ask<User>(path, { headers: bypass ? { 'Cache-Control': 'no-cache' } : {} })
        return tell({ status: a.status, headers: a.headers, ms: a.ms, body: JSON.stringify(a.data) })
      } catch (err) {
        // A user that does not exist is an answer too, and has come some way.
        if (err instanceof ApiError && err.status === 404 && err.headers.has('Cache-Status')) {
          return tell({ status: 404, headers: err.headers, ms: performance.now() - from, body: err.message })
        }
        throw err
      }
    })

  const post = (action: Action, path: string, trace: Trace) =>
    act(action, async () => {
      const a = await ask<Message>(path, { method: 'POST' })
      if (action === 'invalidate') memory.invalidated(keyOf(user), serverNow())
      return { trace, raw: rawOf('POST', path, a) }
    })

  return {
    busy,
    result,
    read: () => read(false),
    bypass: () => read(true),
    invalidate: () => post('invalidate', `/cache/users/${user}/invalidation`, invalidationTrace()),
    warm: () => post('warm', `/cache/users/${user}/warming`, warmingTrace()),
    stampede: () =>
      act('stampede', async (seen) => {
        const path = `/cache/users/${user}/stampede`
        const a = await ask<Stampede>(path, { method: 'POST', body: { readers } })
        const local = seen?.local.enabled === true && seen.local.ready
        const trace = stampedeTrace(a.data.readers, local, seen?.redis !== null)
        return {
          stampede: a.data,
          trace: { ...trace, us: a.data.duration_us },
          raw: rawOf('POST', path, a),
          before: { local: false, redis: false },
        }
      }),
    /** Changes the user. Throws what the server refuses, for the form to show. */
    async change(to: { name: string; email: string }): Promise<void> {
      const path = `/users/${user}`
      const a = await ask<User>(path, { method: 'PUT', body: to })
      memory.invalidated(keyOf(user), serverNow())
      await act('change', async () => ({ trace: writeTrace(), raw: rawOf('PUT', path, a) }))
      void client.invalidateQueries({ queryKey: ['users'] })
    },
  }
}

const rawOf = (method: string, path: string, a: Answer<unknown>): Raw => ({
  method,
  path,
  bypass: false,
  status: a.status,
  headers: a.headers,
  body: JSON.stringify(a.data),
  ms: a.ms,
})
