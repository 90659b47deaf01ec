import {
  KeyRound,
  LogIn,
  LogOut,
  type LucideIcon,
  MailQuestionMark,
  MonitorX,
  Pause,
  Pencil,
  Play,
  RotateCcw,
  ShieldAlert,
  Timer,
  Trash2,
  UserPlus,
  UserRoundCog,
} from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import type { AuditAction, AuditEntry } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { cx } from '../../lib/cx.ts'
import { agentOf } from '../../lib/userAgent.ts'
import { Code } from '../../ui/Code.tsx'
import css from './audit.module.css'
import { sentence } from './sentence.ts'
import { useT } from './texts.ts'

const icons: Record<AuditAction, LucideIcon> = {
  login_succeeded: LogIn,
  login_failed: ShieldAlert,
  login_limited: Timer,
  logged_out: LogOut,
  registered: UserPlus,
  user_changed: Pencil,
  password_changed: KeyRound,
  password_reset_requested: MailQuestionMark,
  role_changed: UserRoundCog,
  user_deleted: Trash2,
  users_truncated: Trash2,
  session_revoked: MonitorX,
  sessions_revoked: MonitorX,
  limit_reset: Timer,
  queue_paused: Pause,
  queue_resumed: Play,
  tasks_retried: RotateCcw,
  tasks_deleted: Trash2,
}
const loud = new Set<AuditAction>([
  'login_failed',
  'login_limited',
  'user_deleted',
  'tasks_deleted',
  'users_truncated',
  'role_changed',
])

/** One entry: when, what, and from where. */
export function Row({ entry, me }: { entry: AuditEntry; me: number | undefined }) {
  const t = useT()
  const f = useFormat()
  const [open, setOpen] = useState(false)
  const Icon = icons[entry.action] ?? Pencil // a page may be older than the server
  const at = Date.parse(entry.at)
  return (
    <li className={css.entry}>
      <time className={css.time} dateTime={entry.at} title={f.dateTime(at)}>
        {f.clock(at)}
      </time>
      <span className={cx(css.icon, loud.has(entry.action) && css.loud)} aria-hidden="true">
        <Icon />
      </span>
      <div className={css.said}>
        <p className={css.sentence}>
          {sentence(entry, t, me, f.list).map((p, i) =>
            'user' in p ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a sentence do not move
              <Link key={i} href={`/benutzer?id=${p.user}`}>
                {t.numbered(String(p.user))}
              </Link>
            ) : (
              p.words
            ),
          )}
        </p>
        <Whence entry={entry} />
        {open && <Code label={t.rawOf(String(entry.id))} text={JSON.stringify(entry, null, 2)} />}
      </div>
      <button
        type="button"
        className={css.raw}
        aria-expanded={open}
        aria-label={t.rawOf(String(entry.id))}
        onClick={() => setOpen(!open)}
      >
        {'{ }'}
      </button>
    </li>
  )
}

function Whence({ entry }: { entry: AuditEntry }) {
  const t = useT()
  const { browser, system } = agentOf(entry.user_agent ?? '')
  const by = entry.detail?.by
  const parts = [
    typeof by === 'string' && (Object.hasOwn(t.by, by) ? t.by[by as keyof typeof t.by] : by),
    entry.client_address,
    browser && system ? t.on(browser, system) : browser || system,
  ].filter(Boolean)
  return parts.length > 0 ? (
    <p className={css.whence} title={entry.user_agent}>
      {parts.join(' · ')}
    </p>
  ) : null
}
