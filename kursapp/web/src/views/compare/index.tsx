import { useShared } from '../../i18n/shared.ts'
import { useUrlState } from '../../lib/urlState.ts'
import { Page } from '../../ui/Page.tsx'
import { BrowserMode } from './BrowserMode.tsx'
import type { Settings } from './Form.tsx'
import { browserBounds } from './measure.ts'
import { bounded } from './model.ts'
import { ServerMode } from './ServerMode.tsx'
import { useT } from './texts.ts'

/** How much faster, honestly: the same request answered by each tier. */
export default function Compare() {
  const t = useT()
  const shared = useShared()
  const [url, change] = useUrlState()
  const browser = url.get('art') === 'browser'
  const settings: Settings = {
    mode: browser ? 'browser' : 'server',
    requests: browser
      ? bounded(url.get('anfragen'), 10, browserBounds.requests, 200)
      : bounded(url.get('anfragen'), 100, 20_000, 1000),
    concurrency: browser
      ? bounded(url.get('gleichzeitig'), 1, browserBounds.concurrency, 1)
      : bounded(url.get('gleichzeitig'), 1, 64, 8),
    userId: bounded(url.get('benutzer'), 1, 999_999_999, 1),
    change,
  }
  return (
    <Page title={shared.nav.compare} lead={t.lead}>
      {browser ? <BrowserMode settings={settings} /> : <ServerMode settings={settings} />}
    </Page>
  )
}
