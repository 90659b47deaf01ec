import { useInfiniteQuery } from '@tanstack/react-query'
import { get } from '../../api/client.ts'
import type { AuditAction, AuditPage } from '../../api/types.ts'

export const auditKey = ['audit'] as const

/**
 * The audit log of one user or of all, of some kinds or of all, page by page. It is not asked again by itself: a list
 * that somebody reads does not move, and asking would keep the session alive.
 */
export function useAudit(user: number | undefined, kinds: readonly AuditAction[] | undefined) {
  return useInfiniteQuery({
    queryKey: [...auditKey, user ?? 0, kinds ?? []],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => {
      const params = new URLSearchParams({ limit: '100' })
      if (pageParam) params.set('cursor', pageParam)
      if (user) params.set('user', String(user))
      if (kinds) params.set('kind', kinds.join(','))
      return get<AuditPage>(`/audit?${params}`, signal)
    },
    getNextPageParam: (page) => page.next_cursor,
    refetchOnWindowFocus: false,
  })
}
