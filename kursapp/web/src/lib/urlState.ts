import { useCallback } from 'react'
import { useLocation, useSearch } from 'wouter'

/**
 * State in the query of the URL, so that links and the back button carry it. Setting '' or
 * undefined removes a name. Small changes (typing) replace the entry of the history, choices push one.
 */
export function useUrlState(): [
  URLSearchParams,
  (change: Record<string, string | undefined>, how?: 'push' | 'replace') => void,
] {
  const search = useSearch()
  const [path, navigate] = useLocation()
  const set = useCallback(
    (change: Record<string, string | undefined>, how: 'push' | 'replace' = 'push') => {
      const params = new URLSearchParams(window.location.search)
      for (const [name, value] of Object.entries(change)) {
        if (value === undefined || value === '') params.delete(name)
        else params.set(name, value)
      }
      const query = params.toString()
      navigate(query ? `${path}?${query}` : path, { replace: how === 'replace' })
    },
    [path, navigate],
  )
  return [new URLSearchParams(search), set]
}
