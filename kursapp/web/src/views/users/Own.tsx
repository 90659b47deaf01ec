import { Link, useLocation } from 'wouter'
import type { Me } from '../../api/types.ts'
import { useShared } from '../../i18n/shared.ts'
import { Card } from '../../ui/Card.tsx'
import { Page } from '../../ui/Page.tsx'
import { Empty, Failed, Loading } from '../../ui/States.tsx'
import { EditForm } from './EditForm.tsx'
import { Remove } from './Remove.tsx'
import { useT } from './texts.ts'
import css from './users.module.css'
import { useUser } from './useUsers.ts'

/** What somebody sees in production who is no administrator: its own account, and why not more. */
export function Own({ user, unknown }: { user: Me['user']; unknown: boolean }) {
  const t = useT()
  const shared = useShared()
  if (user) return <Account id={user.id} />
  return (
    <Page title={t.title}>
      <Card>
        <Empty
          title={unknown ? shared.shell.session_unknown : t.own.anonymous}
          hint={t.own.anonymousHint}
          action={!unknown && <Link href="/anmeldung?weiter=/benutzer">{t.own.login}</Link>}
        />
      </Card>
    </Page>
  )
}

function Account({ id }: { id: number }) {
  const t = useT()
  const [, navigate] = useLocation()
  const { data, error, refetch } = useUser(id)
  return (
    <Page title={t.own.title} lead={t.own.rest}>
      <div className={css.own}>
        <Card title={t.one.data}>
          {data ? (
            <EditForm key={`${data.user.name} ${data.user.email}`} user={data.user} />
          ) : error ? (
            <Failed error={error} retry={refetch} />
          ) : (
            <Loading />
          )}
        </Card>
        {data && (
          <Card title={t.remove.title}>
            <Remove user={data.user} self onGone={() => navigate('/anmeldung')} />
          </Card>
        )}
      </div>
    </Page>
  )
}
