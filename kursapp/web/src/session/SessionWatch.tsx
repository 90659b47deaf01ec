import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { ApiError } from '../api/errors.ts'
import { meKey, useMe } from '../api/me.ts'
import type { Me } from '../api/types.ts'
import { texts } from '../i18n/texts.ts'
import { serverNow } from '../lib/clock.ts'
import { announce, toast } from '../ui/toasts.ts'
import { de } from './de.ts'
import { noteWho } from './ended.ts'

const useT = texts(de, () => import('./en.ts'))

// A moment after its end, so that the server sees it as ended too.
const grace = 400
const longest = 2 ** 31 - 1 // what a timer can wait

/** Notices that a session has ended while the page is open, and forgets what belonged to it. */
export function SessionWatch() {
  const t = useT()
  const client = useQueryClient()
  const { data: me } = useMe()
  const before = useRef<Me>(undefined)

  useEffect(() => {
    // While nobody can say, the last answer that said something counts.
    if (!me || me.session_unknown) return
    const known = before.current
    before.current = me
    const end = noteWho(known, me, serverNow())
    // The view of logins shows it by itself.
    if (end && window.location.pathname.endsWith('/anmeldung')) announce(t[end])
    else if (end) toast.failed(t[end])
    // What one person was shown is not for the next.
    if (known && known.user?.id !== me.user?.id)
      void client.resetQueries({ predicate: (q) => q.queryKey[0] !== meKey[0] })
  }, [me, client, t])

  // Asking who is logged in prolongs nothing, so it can be asked just when it should have ended.
  const session = me?.session
  const ends = session ? Math.min(Date.parse(session.idle_ends_at), Date.parse(session.ends_at)) : undefined
  useEffect(() => {
    if (ends === undefined) return
    const wait = Math.max(0, ends - serverNow()) + grace
    const timer = setTimeout(() => client.invalidateQueries({ queryKey: meKey }), Math.min(wait, longest))
    return () => clearTimeout(timer)
  }, [ends, client])

  // A refusal says it sooner.
  useEffect(() => {
    const hear = (error: unknown) => {
      if (error instanceof ApiError && error.status === 401 && before.current?.user)
        void client.invalidateQueries({ queryKey: meKey })
    }
    const queries = client.getQueryCache().subscribe((e) => {
      if (e.type === 'updated' && e.action.type === 'error') hear(e.action.error)
    })
    const mutations = client.getMutationCache().subscribe((e) => {
      if (e.type === 'updated' && e.action.type === 'error') hear(e.action.error)
    })
    return () => {
      queries()
      mutations()
    }
  }, [client])
  return null
}
