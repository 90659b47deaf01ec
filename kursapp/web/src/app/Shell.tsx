import { type ReactNode, Suspense, useEffect, useRef } from 'react'
import { useLocation } from 'wouter'
import { useMe } from '../api/me.ts'
import { useShared } from '../i18n/shared.ts'
import { Loading } from '../ui/States.tsx'
import { Toaster } from '../ui/Toaster.tsx'
import { Brand } from './Brand.tsx'
import { LiveSwitch } from './LiveSwitch.tsx'
import { Nav } from './Nav.tsx'
import { Guard } from './Notices.tsx'
import css from './Shell.module.css'
import { LanguageSwitch, ThemeSwitch } from './Switches.tsx'
import { Tabbar } from './Tabbar.tsx'
import { Who } from './Who.tsx'

/** What stands around every view: the way between them, who looks, and how live it is. */
export function Shell({ children }: { children: ReactNode }) {
  const t = useShared()
  const { data: me } = useMe()
  const [path] = useLocation()
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)

  // A new page begins at its top, and a screen reader reads on there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what changes
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    window.scrollTo(0, 0)
    main.current?.focus({ preventScroll: true })
  }, [path])

  return (
    <div className={css.shell}>
      <a href="#main" className={css.skip}>
        {t.shell.skip}
      </a>
      <aside className={css.side}>
        <Brand mode={me?.mode} />
        <Nav />
        <div className={css.foot}>
          <Who />
          <div className={css.links}>
            <a href="/docs">{t.shell.docs}</a>
            {me && <span title={t.shell.version(me.version)}>{me.version}</span>}
          </div>
        </div>
      </aside>
      <header className={css.top}>
        <div className={css.topBrand}>
          <Brand mode={me?.mode} />
        </div>
        <LiveSwitch />
        <div className={css.switches}>
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
      </header>
      <main id="main" ref={main} className={css.main} tabIndex={-1}>
        <Guard at={path}>
          <Suspense fallback={<Loading lines={6} />}>{children}</Suspense>
        </Guard>
      </main>
      <Tabbar />
      <Toaster />
    </div>
  )
}
