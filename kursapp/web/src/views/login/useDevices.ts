import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { get } from '../../api/client.ts'
import { meKey } from '../../api/me.ts'
import type { DeviceList } from '../../api/types.ts'

export const devicesKey = ['devices'] as const

/**
 * The devices of who is logged in. Asking uses the session, so it is not asked again by
 * itself: a page that stays open must not keep its session alive.
 */
export function useDevices() {
  const client = useQueryClient()
  const query = useQuery({
    queryKey: devicesKey,
    queryFn: ({ signal }) => get<DeviceList>('/sessions', signal),
    select: (page) => page.sessions,
  })
  const at = query.dataUpdatedAt
  // It moved the end of this session.
  useEffect(() => {
    if (at > 0) void client.invalidateQueries({ queryKey: meKey })
  }, [at, client])
  return query
}
