import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { NetworkError } from '../api/errors.ts'
import { meKey } from '../api/me.ts'
import { useLostAt } from '../api/reach.ts'

const every = 3000

/**
 * While the server does not answer, asks it again and again who is logged in, which counts
 * nowhere; once it answers, what had failed is asked again.
 */
export function ReachWatch() {
  const client = useQueryClient()
  const lost = useLostAt() !== undefined
  useEffect(() => {
    if (!lost) return
    const timer = setInterval(() => {
      if (!document.hidden) void client.refetchQueries({ queryKey: meKey })
    }, every)
    return () => {
      clearInterval(timer)
      void client.refetchQueries({ type: 'active', predicate: (q) => q.state.error instanceof NetworkError })
    }
  }, [lost, client])
  return null
}
