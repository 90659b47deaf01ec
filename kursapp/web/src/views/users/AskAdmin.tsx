import { Link, useLocation, useSearch } from 'wouter'
import { useT } from './texts.ts'
import css from './users.module.css'

/** What only an administrator may who is logged in, and the way there and back. */
export function AskAdmin({ what }: { what: string }) {
  const t = useT()
  const [path] = useLocation()
  const search = useSearch()
  const back = encodeURIComponent(search ? `${path}?${search}` : path)
  return (
    <p className={css.note}>
      {what}{' '}
      <Link href={`/anmeldung?weiter=${back}`} className={css.link}>
        {t.admin.login}
      </Link>
    </p>
  )
}
