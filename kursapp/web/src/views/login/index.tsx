import { useMe } from '../../api/me.ts'
import { Card } from '../../ui/Card.tsx'
import { Page } from '../../ui/Page.tsx'
import { Failed, Loading } from '../../ui/States.tsx'
import { Doors } from './Doors.tsx'
import { Inside } from './Inside.tsx'
import { useT } from './texts.ts'
import { Unsure } from './Unsure.tsx'

/** Logging in and out, and the devices on which one is. */
export default function Login() {
  const t = useT()
  const { data: me, error, refetch } = useMe()
  return (
    <Page title={t.title} lead={t.lead}>
      {!me ? (
        <Card>{error ? <Failed error={error} retry={refetch} /> : <Loading lines={5} />}</Card>
      ) : me.session_unknown ? (
        <Unsure />
      ) : me.user && me.session ? (
        <Inside user={me.user} session={me.session} demo={me.mode === 'demo'} />
      ) : (
        <Doors demo={me.mode === 'demo'} />
      )}
    </Page>
  )
}
