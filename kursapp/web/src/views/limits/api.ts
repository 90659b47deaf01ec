import { useQuery } from '@tanstack/react-query'
import { get, send } from '../../api/client.ts'
import type { LimitState, Limits, Message } from '../../api/types.ts'
import { serverNow } from '../../lib/clock.ts'

/** The rules in force, for those who may operate. */
export function useLimits(enabled: boolean) {
  return useQuery({
    queryKey: ['limits'],
    queryFn: ({ signal }) => get<Limits>('/limits', signal),
    enabled,
    // Whether Redis decides is what changes by itself.
    refetchInterval: 5000,
  })
}

/** What a counter says, and when it said so on the server's clock. */
export interface Counter extends LimitState {
  seenAt: number
}

export interface Subject {
  rule: string
  subject: string
}

export const counterKey = (of: Subject) => ['limit-state', of.rule, of.subject] as const

/** The state of a counter. Asking charges nothing, so it may be asked again while it changes. */
export function useCounter(of: Subject | undefined) {
  return useQuery({
    queryKey: of ? counterKey(of) : ['limit-state'],
    queryFn: async (): Promise<Counter> => ({
      ...(await send<LimitState>('POST', '/limits/state', of)),
      seenAt: serverNow(),
    }),
    enabled: of !== undefined,
    refetchInterval: (q) => {
      const c = q.state.data
      return c && c.remaining < c.limit ? 2000 : false
    },
  })
}

export const resetCounter = (of: Subject) => send<Message>('POST', '/limits/reset', of)
