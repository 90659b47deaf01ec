import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../api/client.ts'
import type { Message } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { Checkbox } from '../../ui/Checkbox.tsx'
import { Confirm } from '../../ui/Dialog.tsx'
import { useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import css from './login.module.css'
import { useT } from './texts.ts'
import { devicesKey } from './useDevices.ts'

interface EverywhereProps {
  open: boolean
  onClose(): void
  /** How many other devices there are. */
  others: number
  logout(): void
}

/** Ends all other sessions, and this one too if wanted. */
export function Everywhere({ open, onClose, others, logout }: EverywhereProps) {
  const t = useT()
  const f = useFormat()
  const text = useErrorText()
  const client = useQueryClient()
  const [too, setToo] = useState(false)
  const here = too || others === 0
  const end = useMutation({
    // Always: there may be more devices than the list knew of.
    mutationFn: () => send<Message>('DELETE', '/sessions'),
    onSuccess: (answer) => {
      if (here)
        logout() // which tells of itself
      else toast.done(answer.message)
    },
    onError: (err) => toast.failed(text(err)),
    onSettled: () => {
      onClose()
      if (!here) return client.invalidateQueries({ queryKey: devicesKey })
    },
  })
  const n = others + (here ? 1 : 0)
  return (
    <Confirm
      open={open}
      onClose={onClose}
      onConfirm={() => end.mutate()}
      title={t.everywhere.ask}
      action={here ? t.everywhere.all(f.int(n), n === 1) : t.everywhere.others(f.int(n), n === 1)}
      danger
      busy={end.isPending}
    >
      <div className={css.form}>
        <p className={css.note}>
          {others > 0 ? t.everywhere.text(f.int(others), others === 1) : t.everywhere.none}
        </p>
        <Checkbox
          label={t.everywhere.too}
          checked={here}
          disabled={others === 0}
          onChange={(e) => setToo(e.target.checked)}
        />
      </div>
    </Confirm>
  )
}
