import { useEffect, useState } from 'react'
import { useUrlState } from '../../lib/urlState.ts'
import { live } from '../../live/store.ts'
import { Page } from '../../ui/Page.tsx'
import css from './cache.module.css'
import { EditDialog } from './EditDialog.tsx'
import { Entry } from './Entry.tsx'
import { Log } from './Log.tsx'
import { memory } from './memory.ts'
import { Picker } from './Picker.tsx'
import { RawDialog } from './RawDialog.tsx'
import { Stage } from './Stage.tsx'
import { useT } from './texts.ts'
import { useActions } from './useActions.ts'
import { useInspection } from './useInspection.ts'

export default function Cache() {
  const t = useT()
  const [url, setUrl] = useUrlState()
  const id = userIn(url.get('user'))
  const [dialog, setDialog] = useState<'edit' | 'raw'>()
  const actions = useActions(id)
  const inspection = useInspection(id)
  useWatchedMemory()

  return (
    <Page title={t.title} lead={t.lead}>
      <div className={css.grid}>
        <Picker selected={id} onSelect={(user) => setUrl({ user: String(user) })} />
        <Stage
          user={id}
          inspection={inspection}
          actions={actions}
          onEdit={() => setDialog('edit')}
          onRaw={() => setDialog('raw')}
        />
        <Entry inspection={inspection} />
        <Log user={id} />
      </div>
      <EditDialog
        user={id}
        open={dialog === 'edit'}
        onClose={() => setDialog(undefined)}
        onSave={actions.change}
      />
      <RawDialog
        user={id}
        open={dialog === 'raw'}
        onClose={() => setDialog(undefined)}
        result={actions.result}
      />
    </Page>
  )
}

function userIn(text: string | null): number {
  const n = Number(text ?? 1)
  return Number.isSafeInteger(n) && n > 0 ? n : 1
}

// What the log tells is remembered, to say later why an entry was gone.
function useWatchedMemory() {
  useEffect(() => {
    const see = () => memory.see(live.get().events)
    see()
    return live.subscribe(see)
  }, [])
}
