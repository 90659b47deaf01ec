import { useEffect, useRef } from 'react'

/** Does something again and again while somebody looks. */
export function useAgain(what: () => unknown, every: number): void {
  const latest = useRef(what)
  useEffect(() => {
    latest.current = what
  })
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) latest.current()
    }, every)
    return () => clearInterval(timer)
  }, [every])
}
