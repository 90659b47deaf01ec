import { useMe } from '../../api/me.ts'
import { Card } from '../../ui/Card.tsx'
import { Page } from '../../ui/Page.tsx'
import { Failed, Loading } from '../../ui/States.tsx'
import { Own } from './Own.tsx'
import { useT } from './texts.ts'
import { UserList } from './UserList.tsx'

/** All users for those who may see them, and one's own account for the others. */
export default function Users() {
  const t = useT()
  const { data: me, error, refetch } = useMe()
  if (me?.may.operate) return <UserList />
  if (me) return <Own user={me.user} unknown={me.session_unknown} />
  return (
    <Page title={t.title}>
      <Card>{error ? <Failed error={error} retry={refetch} /> : <Loading lines={6} />}</Card>
    </Page>
  )
}
