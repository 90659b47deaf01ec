import { useQuery, useQueryClient } from '@tanstack/react-query'
import { observeServerTime } from '../lib/clock.ts'
import { ask } from './client.ts'
import type { Me } from './types.ts'

export const meKey = ['me'] as const

/** Who is logged in and what that person may do. Asked on a route that always answers 200. */
export function useMe() {
  return useQuery({
    queryKey: meKey,
    queryFn: async ({ signal }) => {
      const answer = await ask<Me>('/web/me', { signal })
      observeServerTime(Date.parse(answer.data.now), answer.sentAt, answer.gotAt)
      return answer.data
    },
    staleTime: 30_000,
    refetchInterval: 60_000,
  })
}

/** Asks again who is logged in: after a login, a logout, or a refusal that says so. */
export function useRefreshMe(): () => Promise<void> {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: meKey })
}
