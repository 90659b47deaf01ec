import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../api/client.ts'
import { useMe, useRefreshMe } from '../../api/me.ts'
import type { Account, Role, User } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/Button.tsx'
import { Chip } from '../../ui/Chip.tsx'
import { Confirm } from '../../ui/Dialog.tsx'
import { Failed, Loading, useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { AskAdmin } from './AskAdmin.tsx'
import { useT } from './texts.ts'
import css from './users.module.css'
import { accountKey, useAccount } from './useUsers.ts'

/** The role of a user, and since when the account is there. */
export function AccountPart({ user, self }: { user: User; self: boolean }) {
  const t = useT()
  const f = useFormat()
  const { data: me } = useMe()
  const { data, error, refetch } = useAccount(user.id)
  return (
    <section className={css.part}>
      <h3>{t.account.title}</h3>
      {data ? (
        <>
          <dl className={css.facts}>
            <dt>{t.account.role}</dt>
            <dd>
              <Chip>{t.account.roles[data.role]}</Chip>
            </dd>
            <dt>{t.account.since}</dt>
            <dd>{f.dateTime(Date.parse(data.created_at))}</dd>
            <dt>{t.account.password}</dt>
            <dd>{data.has_password ? t.account.has : t.account.hasNot}</dd>
          </dl>
          {me?.may.administer ? (
            <ChangeRole user={user} role={data.role} self={self} />
          ) : (
            <AskAdmin what={t.admin.role} />
          )}
        </>
      ) : error ? (
        <Failed error={error} retry={refetch} />
      ) : (
        <Loading lines={2} />
      )}
    </section>
  )
}

function ChangeRole({ user, role, self }: { user: User; role: Role; self: boolean }) {
  const t = useT()
  const text = useErrorText()
  const client = useQueryClient()
  const refresh = useRefreshMe()
  const [asked, setAsked] = useState(false)
  const to: Role = role === 'admin' ? 'user' : 'admin'
  const change = useMutation({
    mutationFn: () => send<Account>('PUT', `/users/${user.id}/role`, { role: to }),
    onSuccess: (account) => {
      client.setQueryData(accountKey(user.id), account)
      toast.done(t.account.done(user.name, t.account.roles[account.role]))
      if (self) void refresh()
    },
    onError: (err) => toast.failed(text(err)),
    onSettled: () => setAsked(false),
  })
  return (
    <div>
      <Button size="small" onClick={() => setAsked(true)}>
        {to === 'admin' ? t.account.toAdmin : t.account.toUser}
      </Button>
      <Confirm
        open={asked}
        onClose={() => setAsked(false)}
        onConfirm={() => change.mutate()}
        title={to === 'admin' ? t.account.askAdmin(user.name) : t.account.askUser(user.name)}
        action={to === 'admin' ? t.account.toAdmin : t.account.toUser}
        danger={to === 'user'}
        busy={change.isPending}
      >
        <p className={css.note}>{t.account.ask}</p>
        {self && <p className={css.strong}>{t.account.askSelf}</p>}
      </Confirm>
    </div>
  )
}
