import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { get } from '../../api/client.ts'
import type { UserPage } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { cx } from '../../lib/cx.ts'
import { useDebounced } from '../../lib/useDebounced.ts'
import { useMedia } from '../../lib/useMedia.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { TextField } from '../../ui/Field.tsx'
import { Empty, Failed, Loading } from '../../ui/States.tsx'
import css from './Picker.module.css'
import { useT } from './texts.ts'

const perPage = 8

interface PickerProps {
  selected: number
  onSelect(id: number): void
}

/** Chooses whose cache entry is looked at. On a phone it folds away. */
export function Picker({ selected, onSelect }: PickerProps) {
  const t = useT()
  const narrow = useMedia('(max-width: 760px)')
  const [open, setOpen] = useState(false)
  if (!narrow) return <List selected={selected} onSelect={onSelect} />
  return (
    <div>
      <Button
        className={css.fold}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        icon={<ChevronRight className={cx(css.chevron, open && css.down)} />}
      >
        {t.picker.change}
      </Button>
      {open && (
        <List
          selected={selected}
          onSelect={(id) => {
            onSelect(id)
            setOpen(false)
          }}
        />
      )}
    </div>
  )
}

function List({ selected, onSelect }: PickerProps) {
  const t = useT()
  const f = useFormat()
  const [typed, setTyped] = useState('')
  const [cursors, setCursors] = useState<string[]>([])
  const q = useDebounced(typed.trim())
  const cursor = cursors.at(-1)
  const query = useQuery({
    queryKey: ['users', 'picker', q, cursor],
    queryFn: ({ signal }) => {
      // A search is read from the database and counted nowhere; the plain first page would come
      // through the cache and be an event in the log beside. Every address has an @.
      const params = new URLSearchParams({ q: q || '@', limit: String(perPage) })
      if (cursor) params.set('cursor', cursor)
      return get<UserPage>(`/users?${params}`, signal)
    },
    placeholderData: keepPreviousData,
  })
  const page = query.data
  return (
    <Card flush title={t.picker.title} className={css.picker}>
      <div className={css.search}>
        <TextField
          label={t.picker.search}
          labelHidden
          type="search"
          placeholder={t.picker.search}
          value={typed}
          autoComplete="off"
          spellCheck={false}
          onChange={(e) => {
            setTyped(e.target.value)
            setCursors([])
          }}
        />
      </div>
      {page ? (
        page.users.length > 0 ? (
          <ul className={css.list} aria-label={t.picker.list}>
            {page.users.map((u) => (
              <li key={u.id}>
                <button
                  type="button"
                  className={cx(css.user, u.id === selected && css.selected)}
                  aria-pressed={u.id === selected}
                  onClick={() => onSelect(u.id)}
                >
                  <span className={css.id}>{u.id}</span>
                  <span className={css.text}>
                    <span className={css.name}>{u.name}</span>
                    <span className={css.email}>{u.email}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        ) : (
          <Empty title={t.picker.none} hint={q && t.picker.noneHint(q)} />
        )
      ) : query.error ? (
        <Failed error={query.error} retry={query.refetch} />
      ) : (
        <Loading lines={perPage} />
      )}
      <div className={css.pages}>
        <Button
          look="quiet"
          size="small"
          icon={<ChevronLeft />}
          aria-label={t.picker.before}
          disabled={cursors.length === 0}
          onClick={() => setCursors(cursors.slice(0, -1))}
        />
        <span>{t.picker.page(f.int(cursors.length + 1))}</span>
        <Button
          look="quiet"
          size="small"
          icon={<ChevronRight />}
          aria-label={t.picker.after}
          disabled={!page?.next_cursor}
          onClick={() => page?.next_cursor && setCursors([...cursors, page.next_cursor])}
        />
      </div>
    </Card>
  )
}
