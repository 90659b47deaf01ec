import { Popover } from '@base-ui/react/popover'
import { Ellipsis } from 'lucide-react'
import { useState } from 'react'
import { Link, useLocation, useRoute } from 'wouter'
import { useMe } from '../api/me.ts'
import { useShared } from '../i18n/shared.ts'
import { cx } from '../lib/cx.ts'
import { LanguageSwitch, ThemeSwitch } from './Switches.tsx'
import css from './Tabbar.module.css'
import { maySee, type View, views } from './views.ts'
import { Who } from './Who.tsx'

// What a thumb reaches: the first views, and the rest behind „Mehr“.
const beside = 4

/** The way between the views, on a phone. */
export function Tabbar() {
  const t = useShared()
  const { data: me } = useMe()
  const [path] = useLocation()
  const [open, setOpen] = useState(false)
  const seen = views.filter((view) => maySee(view, me))
  const rest = seen.slice(beside)
  return (
    <nav aria-label={t.nav.label} className={css.bar}>
      {seen.slice(0, beside).map((view) => (
        <Tab key={view.name} view={view} />
      ))}
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger className={cx(css.tab, rest.some((v) => v.path === path) && css.here)}>
          <Ellipsis aria-hidden="true" />
          <span>{t.nav.more}</span>
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner side="top" align="end" sideOffset={8} className={css.place}>
            <Popover.Popup className={css.popup} aria-label={t.nav.more}>
              {rest.map((view) => (
                <Link
                  key={view.name}
                  href={view.path}
                  className={cx(css.link, view.path === path && css.here)}
                  onClick={() => setOpen(false)}
                >
                  <view.icon />
                  {t.nav[view.name]}
                </Link>
              ))}
              <div className={css.settings}>
                <Who />
                <LanguageSwitch />
                <ThemeSwitch />
              </div>
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
    </nav>
  )
}

function Tab({ view }: { view: View }) {
  const t = useShared()
  const [here] = useRoute(view.path)
  return (
    <Link href={view.path} className={cx(css.tab, here && css.here)} aria-current={here ? 'page' : undefined}>
      <view.icon />
      <span>{t.nav.short[view.name]}</span>
    </Link>
  )
}
