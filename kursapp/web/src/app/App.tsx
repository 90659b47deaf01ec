import { Suspense, useEffect } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { useMe } from '../api/me.ts'
import { useShared } from '../i18n/shared.ts'
import { live } from '../live/store.ts'
import { Page } from '../ui/Page.tsx'
import { Failed, Loading } from '../ui/States.tsx'
import { NoSuchPage, NotAllowed } from './Notices.tsx'
import { Shell } from './Shell.tsx'
import { maySee, type View, views } from './views.ts'

export function App() {
  const { data: me } = useMe()
  const operates = me?.may.operate === true
  useEffect(() => {
    if (!operates) return
    live.start()
    return live.stop
  }, [operates])
  return (
    <Shell>
      <Switch>
        {views.map((view) => (
          <Route key={view.name} path={view.path}>
            <Guarded view={view} />
          </Route>
        ))}
        <Route>
          <Elsewhere />
        </Route>
      </Switch>
    </Shell>
  )
}

// What may be seen is known once the server has said who asks. Until then, and while the
// code of the view comes, its heading stands there already.
function Guarded({ view }: { view: View }) {
  const t = useShared()
  const { data: me, error, refetch } = useMe()
  const title = t.nav[view.name]
  if (!view.open && !me) {
    return (
      <Page title={title}>{error ? <Failed error={error} retry={refetch} /> : <Loading lines={6} />}</Page>
    )
  }
  if (!maySee(view, me)) return <NotAllowed title={title} />
  return (
    <Suspense
      fallback={
        <Page title={title}>
          <Loading lines={6} />
        </Page>
      }
    >
      <view.Component />
    </Suspense>
  )
}

// A trailing slash is the same page.
function Elsewhere() {
  const [path] = useLocation()
  const bare = path.replace(/\/+$/, '')
  return bare !== path && views.some((v) => v.path === bare) ? <Redirect to={bare} replace /> : <NoSuchPage />
}
