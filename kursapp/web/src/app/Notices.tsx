import { Component, type ErrorInfo, type ReactNode } from 'react'
import { Link } from 'wouter'
import { useShared } from '../i18n/shared.ts'
import { Button } from '../ui/Button.tsx'
import { Card } from '../ui/Card.tsx'
import { Page } from '../ui/Page.tsx'
import { Empty } from '../ui/States.tsx'
import { views } from './views.ts'

export function NoSuchPage() {
  const t = useShared()
  return (
    <Page title={t.shell.notFound}>
      <Card>
        <Empty title={t.shell.notFoundHint} action={<Link href="/">{t.shell.toOverview}</Link>} />
      </Card>
    </Page>
  )
}

export function NotAllowed({ title }: { title: string }) {
  const t = useShared()
  const login = views.find((v) => v.name === 'login')
  return (
    <Page title={title}>
      <Card>
        <Empty
          title={t.shell.adminsOnly}
          hint={t.shell.adminsOnlyHint}
          action={
            login && (
              <Link href={`${login.path}?weiter=${encodeURIComponent(window.location.pathname.slice(3))}`}>
                {t.shell.toLogin}
              </Link>
            )
          }
        />
      </Card>
    </Page>
  )
}

/** What stands where a view crashed; the navigation stays. */
export class Guard extends Component<
  { children: ReactNode; at: string },
  { error: Error | undefined; at: string }
> {
  override state = { error: undefined as Error | undefined, at: this.props.at }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  // Another page is another try.
  static getDerivedStateFromProps(props: { at: string }, state: { at: string }) {
    return props.at === state.at ? null : { at: props.at, error: undefined }
  }

  override componentDidCatch(_error: Error, _info: ErrorInfo) {
    // React has written it to the console already.
  }

  override render() {
    return this.state.error ? <Crashed error={this.state.error} /> : this.props.children
  }
}

// After an update of the server the files of the old page are gone; only a reload helps.
const missingFile = /dynamically imported module|module script|Loading chunk|preload CSS/i

function Crashed({ error }: { error: Error }) {
  const t = useShared()
  const outdated = missingFile.test(error.message)
  return (
    <Page title={outdated ? t.shell.outdated : t.shell.crashed}>
      <Card>
        <Empty
          title={outdated ? t.shell.outdated : t.shell.crashedHint}
          {...(!outdated && { hint: <code>{error.message}</code> })}
          action={<Button onClick={() => window.location.reload()}>{t.shell.reload}</Button>}
        />
      </Card>
    </Page>
  )
}
