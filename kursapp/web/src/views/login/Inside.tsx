import { useMutation } from '@tanstack/react-query'
import { LogOut } from 'lucide-react'
import { Link } from 'wouter'
import { send } from '../../api/client.ts'
import { useRefreshMe } from '../../api/me.ts'
import type { Me, Message } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { expectEnd } from '../../session/ended.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { ChangePassword } from './ChangePassword.tsx'
import { Devices } from './Devices.tsx'
import { idleTime } from './devices.ts'
import { How } from './How.tsx'
import { Lifetime } from './Lifetime.tsx'
import css from './login.module.css'
import { useT } from './texts.ts'

interface InsideProps {
  user: NonNullable<Me['user']>
  session: NonNullable<Me['session']>
  demo: boolean
}

/** What somebody sees who is logged in. */
export function Inside({ user, session, demo }: InsideProps) {
  const t = useT()
  const f = useFormat()
  const text = useErrorText()
  const refresh = useRefreshMe()
  const logout = useMutation({
    mutationFn: () => {
      expectEnd()
      return send<Message>('POST', '/web/logout')
    },
    onSuccess: async ({ message }) => {
      toast.done(message)
      await refresh()
    },
    onError: (err) => toast.failed(text(err)),
  })
  const began = Date.parse(session.began_at)
  const idle = Date.parse(session.idle_ends_at)
  const last = Date.parse(session.ends_at)
  const remembered = last - began > 2 * 24 * 3_600_000
  return (
    <>
      <Card>
        <div className={css.self}>
          <div className={css.person}>
            <span className={css.initial} aria-hidden="true">
              {user.name.slice(0, 1).toUpperCase()}
            </span>
            <div className={css.names}>
              <p className={css.personName}>{user.name}</p>
              <p className={css.personMore}>
                {user.email} · {t.me.role[user.role]}
              </p>
              <p className={css.personMore}>{t.me.since(f.dateTime(began))}</p>
              <div className={css.selfActions}>
                <Button
                  look="primary"
                  icon={<LogOut />}
                  busy={logout.isPending}
                  onClick={() => logout.mutate()}
                >
                  {t.me.logout}
                </Button>
                <Link className={css.link} href={`/benutzer?id=${user.id}`}>
                  {t.me.account}
                </Link>
              </div>
            </div>
          </div>
          <div className={css.lifetimes}>
            <Lifetime
              label={t.me.idle}
              endsAt={idle}
              of={Math.min(idleTime(remembered), last - began)}
              hint={t.me.idleHint}
            />
            <Lifetime
              label={t.me.absolute}
              endsAt={last}
              of={last - began}
              hint={t.me.absoluteHint(f.dateTime(last))}
            />
          </div>
        </div>
      </Card>
      <div className={css.inside}>
        <Devices user={user} logout={() => logout.mutate()} demo={demo} />
        <div className={css.column}>
          <ChangePassword email={user.email} />
          <How />
        </div>
      </div>
    </>
  )
}
