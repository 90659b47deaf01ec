import { useState } from 'react'
import { Link } from 'wouter'
import { ApiError } from '../../api/errors.ts'
import { useMe } from '../../api/me.ts'
import { Dialog } from '../../ui/Dialog.tsx'
import { Empty, Failed, Loading } from '../../ui/States.tsx'
import { AccountPart } from './AccountPart.tsx'
import { EditForm } from './EditForm.tsx'
import { EndSessions } from './EndSessions.tsx'
import { type Entry, LastRead } from './LastRead.tsx'
import { Remove } from './Remove.tsx'
import { useT } from './texts.ts'
import css from './users.module.css'
import { useUser } from './useUsers.ts'

/** One user beside the list, as the URL says. */
export function UserPanel({ id, onClose }: { id: number | undefined; onClose(): void }) {
  return id === undefined ? (
    <Dialog open={false} onClose={onClose} from="side" title="">
      {null}
    </Dialog>
  ) : (
    <Opened key={id} id={id} onClose={onClose} />
  )
}

function Opened({ id, onClose }: { id: number; onClose(): void }) {
  const t = useT()
  const { data: me } = useMe()
  const { data, error, isFetching, refetch } = useUser(id)
  const [entry, setEntry] = useState<Entry>('known')
  const number = t.one.number(String(id))
  const gone = error instanceof ApiError && error.status === 404
  const user = data?.user
  const self = me?.user?.id === id
  return (
    <Dialog open onClose={onClose} from="side" title={user?.name ?? number} hint={user && number}>
      {gone ? (
        <Empty title={t.one.gone} hint={t.one.goneHint} />
      ) : !data || !user ? (
        error ? (
          <Failed error={error} retry={refetch} />
        ) : (
          <Loading lines={5} />
        )
      ) : (
        <div className={css.panel}>
          <LastRead
            id={id}
            source={data.source}
            error={error}
            busy={isFetching}
            entry={entry}
            read={async () => {
              const { isSuccess } = await refetch()
              if (isSuccess) setEntry((e) => (e === 'removed' ? 'refilled' : 'known'))
            }}
          />
          <section className={css.part}>
            <h3>{t.one.data}</h3>
            <EditForm user={user} onSaved={() => setEntry('removed')} />
          </section>
          <AccountPart user={user} self={self} />
          <section className={css.part}>
            <h3>{t.sessions.title}</h3>
            <EndSessions user={user} self={self} />
          </section>
          <section className={css.part}>
            <h3>{t.remove.title}</h3>
            <Remove user={user} self={self} onGone={onClose} />
          </section>
          <p className={css.links}>
            <Link href={`/cache?user=${id}`}>{t.one.toCache}</Link>
            <Link href={`/protokoll?benutzer=${id}`}>{t.one.toAudit}</Link>
          </p>
        </div>
      )}
    </Dialog>
  )
}
