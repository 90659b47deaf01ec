import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { get } from '../../api/client.ts'
import { ApiError } from '../../api/errors.ts'
import type { Inspection, User } from '../../api/types.ts'
import { useShared } from '../../i18n/shared.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { TextField } from '../../ui/Field.tsx'
import { Failed, Loading, useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import css from './EditDialog.module.css'
import { useT } from './texts.ts'

interface EditProps {
  user: number
  open: boolean
  onClose(): void
  onSave(to: { name: string; email: string }): Promise<void>
}

/** Changes the chosen user in place. */
export function EditDialog({ user, open, onClose, onSave }: EditProps) {
  const t = useT()
  const shared = useShared()
  const form = useId()
  const [busy, setBusy] = useState(false)
  const query = useQuery({
    queryKey: ['user', 'edit', user],
    queryFn: ({ signal }) => presentUser(user, signal),
    enabled: open,
    staleTime: 0,
    gcTime: 0,
  })
  const name = query.data?.name ?? t.picker.user(String(user))
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t.edit.title(name)}
      hint={t.edit.hint}
      actions={
        <>
          <Button onClick={onClose}>{shared.common.cancel}</Button>
          <Button look="primary" type="submit" form={form} busy={busy} disabled={!query.data}>
            {t.edit.save}
          </Button>
        </>
      }
    >
      {query.data ? (
        <Form id={form} user={query.data} setBusy={setBusy} onSave={onSave} onClose={onClose} />
      ) : query.data === null ? (
        <p>{t.notUser}</p>
      ) : query.error ? (
        <Failed error={query.error} retry={query.refetch} />
      ) : (
        <Loading lines={2} />
      )}
    </Dialog>
  )
}

// What lies in Redis is the present state, and looking at it is no read. Where nothing lies
// there, the form reads the user as any other program would. null: there is no such user.
async function presentUser(user: number, signal: AbortSignal): Promise<User | null> {
  const { redis } = await get<Inspection>(`/cache/users/${user}`, signal)
  if (redis?.present && redis.reason === 'none') return JSON.parse(redis.raw) as User | null
  return get<User>(`/users/${user}`, signal).catch((err: unknown) => {
    if (err instanceof ApiError && err.status === 404) return null
    throw err
  })
}

interface FormProps extends Pick<EditProps, 'onSave' | 'onClose'> {
  id: string
  user: User
  setBusy(busy: boolean): void
}

function Form({ id, user, setBusy, onSave, onClose }: FormProps) {
  const t = useT()
  const errorText = useErrorText()
  const [name, setName] = useState(user.name)
  const [email, setEmail] = useState(user.email)
  const [error, setError] = useState<unknown>()
  const field = (of: string) => (error instanceof ApiError ? error.field(of) : '')

  async function submit(e: FormEvent) {
    e.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await onSave({ name, email })
      toast.done(t.edit.saved)
      onClose()
    } catch (err) {
      setError(err)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form id={id} className={css.form} onSubmit={submit} noValidate>
      <TextField
        label={t.edit.name}
        value={name}
        error={field('name')}
        autoComplete="off"
        onChange={(e) => setName(e.target.value)}
      />
      <TextField
        label={t.edit.email}
        type="email"
        value={email}
        error={field('email')}
        autoComplete="off"
        onChange={(e) => setEmail(e.target.value)}
      />
      {error !== undefined && !field('name') && !field('email') && (
        <p className={css.error} role="alert">
          <span aria-hidden="true">✕ </span>
          {errorText(error)}
        </p>
      )}
    </form>
  )
}
