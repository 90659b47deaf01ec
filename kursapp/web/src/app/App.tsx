import { useQueryClient } from '@tanstack/react-query'
import { Suspense, useEffect, useReducer } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { meKey, useMe } from '../api/me.ts'
import { useShared } from '../i18n/shared.ts'
import { live } from '../live/store.ts'
import { SessionWatch } from '../session/SessionWatch.tsx'
import { Page } from '../ui/Page.tsx'
import { Failed, Loading } from '../ui/States.tsx'
import { NoSuchPage, NotAllowed } from './Notices.tsx'
import { ReachWatch } from './ReachWatch.tsx'
import { Shell } from './Shell.tsx'
import { maySee, type View, views } from './views.ts'

export function App() {
  const { data: me } = useMe()
  const operates = me?.may.operate === true
  const client = useQueryClient()
  const [turn, again] = useReducer((n: number) => n + 1, 0)
  // The stream belongs to a session. Where that ended, whoever is logged in now watches anew.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn is another stream
  useEffect(() => {
    if (!operates) return
    live.start(() => void client.invalidateQueries({ queryKey: meKey }).then(again))
    return live.stop
  }, [operates, turn, client])
  return (
    <Shell>
      <SessionWatch />
      <ReachWatch />
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
