import { useLocation, useSearch } from 'wouter'
import { send } from '../../api/client.ts'
import { useRefreshMe } from '../../api/me.ts'
import type { Message } from '../../api/types.ts'
import { toast } from '../../ui/toasts.ts'
import { goOn } from './where.ts'

/** Logs in and goes on. The token is in a cookie that no script sees; this page never has it. */
export function useEnter() {
  const refresh = useRefreshMe()
  const [, navigate] = useLocation()
  const next = goOn(new URLSearchParams(useSearch()).get('weiter'))
  return async (who: { email: string; password: string; remember: boolean }, greeting?: string) => {
    const { message } = await send<Message>('POST', '/web/login', who)
    toast.done(greeting ?? message)
    await refresh()
    if (next) navigate(next, { replace: true })
    else navigate('/anmeldung', { replace: true })
  }
}
