import { ChevronRight } from 'lucide-react'
import { Link, useSearch } from 'wouter'
import type { User } from '../../api/types.ts'
import { cx } from '../../lib/cx.ts'
import { Table } from '../../ui/Table.tsx'
import { parts } from './pages.ts'
import { useT } from './texts.ts'
import css from './users.module.css'

interface UserTableProps {
  users: readonly User[]
  /** What was searched for: it is marked. */
  q: string
  /** Another page is on its way. */
  busy: boolean
}

export function UserTable({ users, q, busy }: UserTableProps) {
  const t = useT()
  const search = useSearch()
  const to = (id: number) => {
    const params = new URLSearchParams(search)
    params.set('id', String(id))
    return `/benutzer?${params}`
  }
  return (
    <Table label={t.table} className={cx(css.table, busy && css.busy)} aria-busy={busy || undefined}>
      <thead>
        <tr>
          <th scope="col" className={cx('num', css.id)}>
            {t.id}
          </th>
          <th scope="col">{t.name}</th>
          <th scope="col" className={css.wide}>
            {t.email}
          </th>
          <th scope="col" className={css.arrow}>
            <span className="sr-only">{t.one.data}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {users.map((u) => (
          <tr key={u.id} className={css.row}>
            <td className={cx('num', css.id)}>{u.id}</td>
            <th scope="row" className={css.who}>
              <Link href={to(u.id)} className={css.open}>
                <Marked text={u.name} q={q} />
              </Link>
              <span className={css.narrow}>
                <Marked text={u.email} q={q} />
              </span>
            </th>
            <td className={css.wide}>
              <Marked text={u.email} q={q} />
            </td>
            <td className={css.arrow} aria-hidden="true">
              <ChevronRight />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}

function Marked({ text, q }: { text: string; q: string }) {
  return parts(text, q).map((p) =>
    p.match ? (
      <mark key={p.at} className={css.mark}>
        {p.text}
      </mark>
    ) : (
      p.text
    ),
  )
}
