import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../api/client.ts'
import { useMe, useRefreshMe } from '../../api/me.ts'
import type { Message, User } from '../../api/types.ts'
import { Button } from '../../ui/Button.tsx'
import { Confirm } from '../../ui/Dialog.tsx'
import { useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { AskAdmin } from './AskAdmin.tsx'
import { useT } from './texts.ts'
import css from './users.module.css'

/** Logs a user out everywhere. */
export function EndSessions({ user, self }: { user: User; self: boolean }) {
  const t = useT()
  const text = useErrorText()
  const { data: me } = useMe()
  const refresh = useRefreshMe()
  const [asked, setAsked] = useState(false)
  const end = useMutation({
    mutationFn: () => send<Message>('DELETE', `/users/${user.id}/sessions`),
    onSuccess: ({ message }) => {
      toast.done(message)
      if (self) void refresh()
    },
    onError: (err) => toast.failed(text(err)),
    onSettled: () => setAsked(false),
  })
  if (!me?.may.administer) return <AskAdmin what={t.admin.sessions} />
  return (
    <div className={css.action}>
      <p className={css.note}>{t.sessions.text}</p>
      <Button look="danger" size="small" onClick={() => setAsked(true)}>
        {t.sessions.end}
      </Button>
      <Confirm
        open={asked}
        onClose={() => setAsked(false)}
        onConfirm={() => end.mutate()}
        title={t.sessions.ask(user.name)}
        action={t.sessions.end}
        danger
        busy={end.isPending}
      >
        <p className={css.note}>{t.sessions.askText}</p>
        {self && <p className={css.strong}>{t.sessions.askSelf}</p>}
      </Confirm>
    </div>
  )
}
