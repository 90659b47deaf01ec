import { Link, useRoute } from 'wouter'
import { useMe } from '../api/me.ts'
import { useShared } from '../i18n/shared.ts'
import { cx } from '../lib/cx.ts'
import css from './Nav.module.css'
import { maySee, type View, views } from './views.ts'

/** The way between the views, on a wide screen. */
export function Nav() {
  const t = useShared()
  const { data: me } = useMe()
  return (
    <nav aria-label={t.nav.label} className={css.nav}>
      <ul>
        {views
          .filter((view) => maySee(view, me))
          .map((view) => (
            <Item key={view.name} view={view} />
          ))}
      </ul>
    </nav>
  )
}

function Item({ view }: { view: View }) {
  const t = useShared()
  const [here] = useRoute(view.path)
  return (
    <li>
      <Link
        href={view.path}
        className={cx(css.link, here && css.here)}
        aria-current={here ? 'page' : undefined}
      >
        <view.icon />
        {t.nav[view.name]}
      </Link>
    </li>
  )
}
