import { Plus, Search, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useSearch } from 'wouter'
import { useFormat } from '../../i18n/format.ts'
import { useUrlState } from '../../lib/urlState.ts'
import { useDebounced } from '../../lib/useDebounced.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { TextField } from '../../ui/Field.tsx'
import { Page } from '../../ui/Page.tsx'
import { Empty, Failed, Loading } from '../../ui/States.tsx'
import { CreateDialog } from './CreateDialog.tsx'
import { createTrail, idOf } from './pages.ts'
import { SourceChip } from './SourceChip.tsx'
import { useT } from './texts.ts'
import { UserPanel } from './UserPanel.tsx'
import { UserTable } from './UserTable.tsx'
import css from './users.module.css'
import { useUserPage } from './useUsers.ts'

// For as long as the dashboard is open, so that the way back survives a look at another view.
const trail = createTrail()

export function UserList() {
  const t = useT()
  const f = useFormat()
  const [url, setUrl] = useUrlState()
  const q = url.get('q') ?? ''
  const cursor = url.get('seite') ?? ''
  const id = idOf(url.get('id'))
  const creating = url.get('neu') !== null
  const { data, error, isPlaceholderData, refetch } = useUserPage(q, cursor)
  const next = isPlaceholderData ? undefined : data?.next_cursor
  const before = trail.before(`${q} ${cursor}`)
  const first = data?.users[0]
  const last = data?.users.at(-1)

  const clear = () => setUrl({ q: undefined, seite: undefined }, 'replace')
  return (
    <Page
      title={t.title}
      lead={t.lead}
      aside={
        <Button look="primary" icon={<Plus />} onClick={() => setUrl({ neu: '1' })}>
          {t.create}
        </Button>
      }
    >
      <Card flush>
        <div className={css.tools}>
          <SearchField />
          {data?.source && (
            <span className={css.source}>
              <span>{t.page}</span>
              <SourceChip source={data.source} />
            </span>
          )}
        </div>
        {!data ? (
          error ? (
            <Failed error={error} retry={refetch} />
          ) : (
            <Loading lines={8} />
          )
        ) : error && !isPlaceholderData ? (
          <Failed error={error} retry={refetch} />
        ) : data.users.length > 0 ? (
          <UserTable users={data.users} q={data.q} busy={isPlaceholderData} />
        ) : q ? (
          <Empty
            title={t.noMatch(q)}
            hint={t.noMatchHint}
            action={
              <Button size="small" onClick={clear}>
                {t.clear}
              </Button>
            }
          />
        ) : cursor ? (
          <Empty
            title={t.pageGone}
            action={
              <Button size="small" onClick={clear}>
                {t.firstPage}
              </Button>
            }
          />
        ) : (
          <Empty
            title={t.none}
            hint={t.noneHint}
            action={<Button onClick={() => setUrl({ neu: '1' })}>{t.create}</Button>}
          />
        )}
        {data && data.users.length > 0 && first && last && (
          <div className={css.pages}>
            <span className={css.range}>
              {q
                ? t.hits(f.int(data.users.length), data.users.length === 1)
                : t.range(String(first.id), String(last.id))}
            </span>
            {cursor && before !== '' && (
              <Button size="small" look="quiet" onClick={() => setUrl({ seite: undefined })}>
                {t.firstPage}
              </Button>
            )}
            <Button
              size="small"
              disabled={before === undefined}
              onClick={() => setUrl({ seite: before || undefined })}
            >
              {t.previous}
            </Button>
            <Button
              size="small"
              disabled={!next}
              onClick={() => {
                if (!next) return
                trail.step(cursor, `${q} ${next}`)
                setUrl({ seite: next })
                window.scrollTo(0, 0)
              }}
            >
              {t.next}
            </Button>
          </div>
        )}
      </Card>
      <CreateDialog
        open={creating}
        onClose={() => setUrl({ neu: undefined }, 'replace')}
        onMade={(made) => setUrl({ neu: undefined, id: String(made) }, 'replace')}
      />
      <UserPanel id={id} onClose={() => setUrl({ id: undefined })} />
    </Page>
  )
}

// Typing shows at once; the search waits until it rests, and begins at the first page.
function SearchField() {
  const t = useT()
  const [, setUrl] = useUrlState()
  const inUrl = new URLSearchParams(useSearch()).get('q') ?? ''
  const [text, setText] = useState(inUrl)
  const settled = useDebounced(text.trim())
  const own = useRef<string>(undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed moves the URL
  useEffect(() => {
    if (settled === inUrl) return
    own.current = settled
    setUrl({ q: settled, seite: undefined }, 'replace')
  }, [settled])
  // A link or the back button moves the field; what was typed here has perhaps gone on since.
  useEffect(() => {
    if (own.current !== inUrl) setText((now) => (now.trim() === inUrl ? now : inUrl))
    own.current = undefined
  }, [inUrl])
  return (
    <search className={css.search}>
      <Search aria-hidden="true" className={css.searchIcon} />
      <TextField
        label={t.search}
        labelHidden
        type="text"
        inputMode="search"
        placeholder={t.searchHint}
        value={text}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => e.key === 'Escape' && setText('')}
      />
      {text && (
        <Button
          className={css.clear}
          look="quiet"
          size="small"
          icon={<X />}
          aria-label={t.clear}
          onClick={() => setText('')}
        />
      )}
    </search>
  )
}
