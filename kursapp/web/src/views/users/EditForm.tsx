import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../api/client.ts'
import type { User } from '../../api/types.ts'
import { TextField } from '../../ui/Field.tsx'
import { FormEnd } from '../../ui/FormEnd.tsx'
import { announce } from '../../ui/toasts.ts'
import { needed, useForm } from '../../ui/useForm.ts'
import { same } from './pages.ts'
import { useT } from './texts.ts'
import css from './users.module.css'
import { userKey, usersKey } from './useUsers.ts'

/** Changes name and address. What is said of the outcome stays until something else is typed. */
export function EditForm({ user, onSaved }: { user: User; onSaved?(): void }) {
  const t = useT()
  const client = useQueryClient()
  const [outcome, setOutcome] = useState('')
  const tell = (text: string) => {
    setOutcome(text)
    announce(text)
  }
  const form = useForm({ name: needed(t.need.name), email: needed(t.need.email) }, async (typed) => {
    const wanted = { name: typed.name.trim(), email: typed.email.trim() }
    if (same(wanted, user)) return tell(t.one.unchanged)
    const saved = await send<User>('PUT', `/users/${user.id}`, wanted)
    client.setQueryData<{ user: User }>(userKey(user.id), (known) => known && { ...known, user: saved })
    void client.invalidateQueries({ queryKey: usersKey })
    // In production the owner of a new address confirms it first.
    const waits = saved.email.toLowerCase() !== wanted.email.toLowerCase()
    if (waits) tell(t.one.waits(wanted.email))
    else if (onSaved)
      announce(t.one.saved) // which tells it where the cache entry is told of
    else tell(t.one.saved)
    if (!same(saved, user)) onSaved?.()
  })
  return (
    <form
      ref={form.ref}
      onSubmit={form.onSubmit}
      onInput={() => setOutcome('')}
      noValidate
      className={css.form}
    >
      <TextField label={t.name} autoComplete="off" defaultValue={user.name} {...form.field('name')} />
      <TextField
        label={t.email}
        type="email"
        autoComplete="off"
        defaultValue={user.email}
        {...form.field('email')}
      />
      <FormEnd form={form} look="plain" action={t.one.save}>
        {outcome && <span className={css.note}>{outcome}</span>}
      </FormEnd>
    </form>
  )
}
