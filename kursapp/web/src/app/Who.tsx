import { useMe } from '../api/me.ts'
import { useShared } from '../i18n/shared.ts'
import css from './Who.module.css'

/** Who is logged in. */
export function Who() {
  const t = useShared()
  const { data: me } = useMe()
  if (!me) return null
  if (me.session_unknown) return <p className={css.who}>{t.shell.session_unknown}</p>
  if (!me.user)
    return <p className={css.who}>{me.mode === 'demo' ? t.shell.anonymousDemo : t.shell.anonymous}</p>
  return (
    <div className={css.who}>
      <span className={css.initial} aria-hidden="true">
        {me.user.name.slice(0, 1).toUpperCase()}
      </span>
      <span className={css.text}>
        <span className={css.name}>{me.user.name}</span>
        <span className={css.role}>{t.shell.role[me.user.role]}</span>
      </span>
    </div>
  )
}
