import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { get, send } from '../../api/client.ts'
import type {
  MailList,
  Message,
  QueueList,
  Task,
  TaskId,
  TaskPage,
  TaskState,
  TasksChanged,
} from '../../api/types.ts'
import { serverNow } from '../../lib/clock.ts'
import { useLive } from '../../live/store.ts'
import { append, type Row, refresh, rowOf, unseen } from './rows.ts'

// The server counts every two seconds, and what it counted may be that old.
const countEvery = 2000
const firstPage = 20
const mostInPage = 100

/**
 * Whether Redis is gone, so that nobody knows how the queues are, and since when. `ask` is whether
 * asking makes sense: not before the stream has said how Redis is, if it is about to.
 */
export function useRedisGone(): { gone: boolean; since: number | undefined; ask: boolean } {
  const gone = useLive((l) => l.status?.redis.ok === false)
  const since = useLive((l) => l.status?.redis.since)
  const soon = useLive((l) => l.state === 'connecting' && l.status === undefined)
  return { gone, since: gone ? since : undefined, ask: !gone && !soon }
}

/** What all queues hold: from the stream while there is one, asked for where there is none. */
export function useQueues() {
  const { ask } = useRedisGone()
  const isLive = useLive((l) => l.state === 'live')
  const paused = useLive((l) => l.paused)
  const sample = useLive((l) => l.samples.at(-1))
  const asked = useQuery({
    queryKey: ['queues'],
    queryFn: async ({ signal }) => {
      const { queues } = await get<QueueList>('/queues', signal)
      return { queues, at: serverNow() }
    },
    enabled: ask,
    refetchInterval: isLive || paused ? false : countEvery,
  })
  const newer = isLive && sample?.queues && sample.t > (asked.data?.at ?? 0) + countEvery
  const queues = newer ? sample.queues : asked.data?.queues
  return { queues: queues ?? undefined, error: asked.error, refetch: asked.refetch }
}

const pathOf = (queue: string) => `/queues/${encodeURIComponent(queue)}`

function page(queue: string, state: TaskState | '', limit: number, cursor = '', signal?: AbortSignal) {
  const query = new URLSearchParams({ limit: String(limit) })
  if (state) query.set('state', state)
  if (cursor) query.set('cursor', cursor)
  return get<TaskPage>(`${pathOf(queue)}/tasks?${query}`, signal)
}

interface List {
  /** Whose tasks these are: another filter is another list. */
  of: string
  rows: Row[]
  next: string | undefined
  fresh: number
}

/**
 * The tasks of a queue, in the order in which they stood when somebody began to look. What is new
 * is only counted, until it is asked for.
 */
export function useTasks(queue: string, state: TaskState | '') {
  const { ask } = useRedisGone()
  const paused = useLive((l) => l.paused)
  const [list, setList] = useState<List>()
  const [loadingMore, setLoadingMore] = useState(false)
  const of = `${queue}\n${state}`
  const shown = list?.of === of ? list : undefined
  const limit = Math.min(mostInPage, Math.max(firstPage, shown?.rows.length ?? 0))
  const asked = useQuery({
    queryKey: ['tasks', queue, state, limit],
    queryFn: ({ signal }) => page(queue, state, limit, '', signal),
    enabled: queue !== '' && ask,
    refetchInterval: paused ? false : countEvery,
    staleTime: 0,
    gcTime: 0,
  })
  const { data } = asked
  useEffect(() => {
    if (!data) return
    setList((before) => {
      if (before?.of !== of || before.rows.length === 0)
        return { of, rows: data.tasks.map(rowOf), next: data.next_cursor, fresh: 0 }
      const all = data.next_cursor === undefined
      return {
        ...before,
        rows: refresh(before.rows, data.tasks, all),
        fresh: unseen(before.rows, data.tasks, before.next !== undefined && !all),
      }
    })
  }, [data, of])

  return {
    list: shown,
    error: asked.error,
    refetch: () => void asked.refetch(),
    loadingMore,
    /** Begins the list anew, with what is there now. */
    showFresh() {
      setList(undefined)
      void asked.refetch().then(({ data: now }) => {
        if (now) setList({ of, rows: now.tasks.map(rowOf), next: now.next_cursor, fresh: 0 })
      })
    },
    async more() {
      if (!shown?.next) return
      setLoadingMore(true)
      try {
        const next = await page(queue, state, firstPage, shown.next)
        setList((before) =>
          before?.of === of
            ? { ...before, rows: append(before.rows, next.tasks), next: next.next_cursor }
            : before,
        )
      } finally {
        setLoadingMore(false)
      }
    },
    /** Marks what was deleted from here. */
    deleted(ids: readonly string[]) {
      setList(
        (before) =>
          before && {
            ...before,
            rows: before.rows.map((r) => (ids.includes(r.task.id) ? { ...r, left: true, deleted: true } : r)),
          },
      )
    },
  }
}

/** One task, for whoever follows a link to it; `known` is what the list says already. */
export function useTask(queue: string, id: string | undefined, known: Task | undefined) {
  // A list cuts long payloads.
  const cut =
    known !== undefined &&
    new TextEncoder().encode(known.payload).length < known.size - 1 &&
    known.size > 4000
  return useQuery({
    queryKey: ['task', queue, id],
    queryFn: ({ signal }) => get<Task>(`${pathOf(queue)}/tasks/${encodeURIComponent(id ?? '')}`, signal),
    enabled: queue !== '' && id !== undefined && (known === undefined || cut),
  })
}

export type Selection = { ids: string[] } | { state: 'scheduled' | 'retrying' | 'dead' }

/** What can be done with queues and their tasks. Each brings the counts up to date. */
export function useActions(queue: string) {
  const client = useQueryClient()
  const after = async <T>(done: Promise<T>): Promise<T> => {
    try {
      return await done
    } finally {
      void client.invalidateQueries({ queryKey: ['queues'] })
      void client.invalidateQueries({ queryKey: ['tasks', queue] })
    }
  }
  return {
    pause: (name: string) => after(send<Message>('POST', `${pathOf(name)}/pause`)),
    resume: (name: string) => after(send<Message>('POST', `${pathOf(name)}/resume`)),
    retry: (s: Selection) => after(send<TasksChanged>('POST', `${pathOf(queue)}/retries`, s)),
    remove: (s: Selection) => after(send<TasksChanged>('POST', `${pathOf(queue)}/deletions`, s)),
  }
}

export interface NewMail {
  to: string
  subject: string
  body: string
}

export const sendMail = (mail: NewMail | { broken: true }) => send<TaskId>('POST', '/demo/mails', mail)

export const getMails = (signal?: AbortSignal) => get<MailList>('/demo/mails', signal)

/** What is in the demo's mailbox. */
export function useMails() {
  const { ask } = useRedisGone()
  const paused = useLive((l) => l.paused)
  return useQuery({
    queryKey: ['mails'],
    queryFn: async ({ signal }) => (await getMails(signal)).mails,
    enabled: ask,
    refetchInterval: paused ? false : 3000,
  })
}

/** Tasks and mails together, asked for again and again while something travels. */
export function useWatch(queue: string, watching: boolean) {
  const { ask } = useRedisGone()
  return useQuery({
    queryKey: ['watch', queue],
    queryFn: async ({ signal }) => {
      const [tasks, mails] = await Promise.all([page(queue, '', mostInPage, '', signal), getMails(signal)])
      return { tasks: tasks.tasks, mails: mails.mails }
    },
    enabled: watching && ask,
    refetchInterval: 400,
    staleTime: 0,
    gcTime: 0,
  })
}

/**
 * Holds a list as it was when it was first shown, and counts what has come since: nothing is
 * pushed under the eyes of who reads.
 */
export function useHeld<T>(list: readonly T[] | undefined, keyOf: (item: T) => string) {
  const [held, setHeld] = useState<readonly T[]>()
  const latest = useRef(list)
  latest.current = list
  const shown = held && held.length > 0 ? held : list
  useEffect(() => {
    if (list && list.length > 0) setHeld((before) => before ?? list)
  }, [list])
  const known = new Set(shown?.map(keyOf))
  const fresh = list?.filter((item) => !known.has(keyOf(item))).length ?? 0
  return { shown, fresh, show: () => setHeld(latest.current) }
}
