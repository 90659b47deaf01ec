import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { ask } from '../../api/client.ts'
import type { Inspection } from '../../api/types.ts'
import { observeServerTime, serverNow } from '../../lib/clock.ts'
import { useLive } from '../../live/store.ts'
import { memory } from './memory.ts'

export const keyOf = (id: number) => `cache:user:${id}`

/**
 * What lies in the cache for a user. Looking changes nothing there. It is looked at again
 * when the log tells of the key, when an entry ends, and now and then.
 */
export function useInspection(id: number) {
  const client = useQueryClient()
  const query = useQuery({
    queryKey: ['inspection', id],
    queryFn: async ({ signal }) => {
      const answer = await ask<Inspection>(`/cache/users/${id}`, { signal })
      observeServerTime(answer.data.now, answer.sentAt, answer.gotAt)
      memory.looked(answer.data)
      return answer.data
    },
    staleTime: 0,
    refetchInterval: (q) => nextLook(q.state.data),
  })

  const lastOfKey = useLive((l) => l.events.findLast((e) => e.key === keyOf(id))?.seq)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new event is the reason to look
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ['inspection', id] })
  }, [lastOfKey, id, client])
  return query
}

// Every five seconds, and just after an entry's end.
function nextLook(i: Inspection | undefined): number {
  if (!i) return 5000
  const now = serverNow()
  const ends = [i.local.present ? i.now + i.local.ttl_ms : 0, i.redis?.present ? i.now + i.redis.ttl_ms : 0]
  const soonest = Math.min(...ends.filter((at) => at > now).map((at) => at - now + 80), 5000)
  return Math.max(200, soonest)
}
