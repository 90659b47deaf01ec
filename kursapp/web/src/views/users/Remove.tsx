import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../api/client.ts'
import { useRefreshMe } from '../../api/me.ts'
import type { Message, User } from '../../api/types.ts'
import { expectEnd } from '../../session/ended.ts'
import { Button } from '../../ui/Button.tsx'
import { Confirm } from '../../ui/Dialog.tsx'
import { useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { useT } from './texts.ts'
import css from './users.module.css'
import { usersKey } from './useUsers.ts'

/** Deletes a user, after asking by name. */
export function Remove({ user, self, onGone }: { user: User; self: boolean; onGone(): void }) {
  const t = useT()
  const text = useErrorText()
  const client = useQueryClient()
  const refresh = useRefreshMe()
  const [asked, setAsked] = useState(false)
  const remove = useMutation({
    mutationFn: () => send<Message>('DELETE', `/users/${user.id}`),
    onSuccess: () => {
      toast.done(t.remove.done(user.name))
      void client.invalidateQueries({ queryKey: usersKey })
      if (self) {
        expectEnd() // with the account its sessions went
        void refresh()
      }
      onGone()
    },
    onError: (err) => toast.failed(text(err)),
    onSettled: () => setAsked(false),
  })
  return (
    <div className={css.action}>
      <p className={css.note}>{t.remove.text}</p>
      <Button look="danger" size="small" onClick={() => setAsked(true)}>
        {t.remove.action}
      </Button>
      <Confirm
        open={asked}
        onClose={() => setAsked(false)}
        onConfirm={() => remove.mutate()}
        title={t.remove.ask(user.name)}
        action={t.remove.confirm(user.name)}
        danger
        busy={remove.isPending}
      >
        <p className={css.note}>{t.remove.askText(user.name, user.email)}</p>
        {self && <p className={css.strong}>{t.remove.askSelf}</p>}
      </Confirm>
    </div>
  )
}
