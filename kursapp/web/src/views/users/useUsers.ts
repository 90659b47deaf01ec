import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ask, get } from '../../api/client.ts'
import type { Account, User, UserPage } from '../../api/types.ts'
import { sourceOf } from './answer.ts'

export const usersKey = ['users'] as const
export const userKey = (id: number) => ['user', id] as const
export const accountKey = (id: number) => ['account', id] as const

// Reads of users are what the speed layer counts and what prolongs a session: nothing is
// read because somebody looked away and back.
const onlyWhenAsked = { refetchOnWindowFocus: false, staleTime: Number.POSITIVE_INFINITY } as const

/** One page of the users, all or those that match. */
export function useUserPage(q: string, cursor: string) {
  return useQuery({
    queryKey: [...usersKey, q, cursor],
    queryFn: async ({ signal }) => {
      const params = new URLSearchParams({ limit: '20' })
      if (q) params.set('q', q)
      if (cursor) params.set('cursor', cursor)
      const { data, headers } = await ask<UserPage>(`/users?${params}`, { signal })
      return { ...data, q, source: sourceOf(headers) }
    },
    placeholderData: keepPreviousData,
    ...onlyWhenAsked,
    staleTime: 0,
  })
}

/** A user, read through the cache, and who answered. */
export function useUser(id: number) {
  return useQuery({
    queryKey: userKey(id),
    queryFn: async ({ signal }) => {
      const { data, headers } = await ask<User>(`/users/${id}`, { signal })
      return { user: data, source: sourceOf(headers) }
    },
    ...onlyWhenAsked,
    staleTime: 0,
  })
}

/** What stands beside the user: its role, and since when it is there. */
export function useAccount(id: number) {
  return useQuery({
    queryKey: accountKey(id),
    queryFn: ({ signal }) => get<Account>(`/users/${id}/account`, signal),
    ...onlyWhenAsked,
    staleTime: 0,
  })
}
