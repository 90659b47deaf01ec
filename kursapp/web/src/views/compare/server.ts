import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { get, send } from '../../api/client.ts'
import { ApiError } from '../../api/errors.ts'
import type { Comparison, ComparisonRequest } from '../../api/types.ts'
import type { Format } from '../../i18n/format.ts'
import { type Measured, orderOfTiers, wayOf } from './model.ts'
import type { CompareTexts } from './texts.ts'

const key = ['comparison'] as const
const path = '/comparisons/current'

/** The comparison that runs in the server or ran last; null where there was none. */
export function useComparison() {
  const client = useQueryClient()
  const keep = (c: Comparison) => client.setQueryData(key, c)
  const current = useQuery({
    queryKey: key,
    queryFn: async ({ signal }): Promise<Comparison | null> => {
      try {
        return (await get<Comparison | undefined>(path, signal)) ?? null
      } catch (err) {
        if (err instanceof ApiError && err.status === 404) return null
        throw err
      }
    },
    refetchInterval: (q) => (q.state.data?.state === 'running' ? 300 : false),
  })
  const start = useMutation({
    mutationFn: (r: ComparisonRequest) => send<Comparison>('POST', '/comparisons', r),
    onSuccess: keep,
    // Somebody else was faster: theirs is shown.
    onError: (err) => err instanceof ApiError && err.status === 409 && current.refetch(),
  })
  const cancel = useMutation({
    mutationFn: () => send<Comparison>('DELETE', path),
    onSuccess: keep,
  })
  return { current, start, cancel }
}

/** A comparison of the server as it is shown. */
export function measuredInServer(c: Comparison, t: CompareTexts, f: Format): Measured {
  const { about } = c
  return {
    where: 'server',
    at: c.finished_at || c.started_at,
    requests: c.requests,
    concurrency: c.concurrency,
    ways: orderOfTiers.flatMap((tier) => {
      const way = c.ways.find((w) => w.way === tier)
      return way && way.done + way.errors > 0 ? [wayOf(way)] : []
    }),
    machine: [
      t.cpus(f.int(about.cpus), about.cpus === 1),
      `Go ${about.go}`,
      about.database,
      /^\d/.test(about.redis) ? `Redis ${about.redis}` : about.redis,
    ].filter(Boolean),
    note: about.note,
  }
}
