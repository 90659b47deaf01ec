import { useQueryClient } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { send } from '../../api/client.ts'
import type { User } from '../../api/types.ts'
import { Dialog } from '../../ui/Dialog.tsx'
import { TextField } from '../../ui/Field.tsx'
import { FormEnd } from '../../ui/FormEnd.tsx'
import { toast } from '../../ui/toasts.ts'
import { needed, useForm } from '../../ui/useForm.ts'
import { useT } from './texts.ts'
import css from './users.module.css'
import { usersKey } from './useUsers.ts'

interface CreateDialogProps {
  open: boolean
  onClose(): void
  onMade(id: number): void
}

export function CreateDialog({ open, onClose, onMade }: CreateDialogProps) {
  const t = useT()
  return (
    <Dialog open={open} onClose={onClose} title={t.made.title} hint={t.made.hint}>
      <CreateForm onMade={onMade} />
    </Dialog>
  )
}

// Within the dialog, so that it begins empty each time.
function CreateForm({ onMade }: Pick<CreateDialogProps, 'onMade'>) {
  const t = useT()
  const client = useQueryClient()
  const form = useForm(
    { name: needed(t.need.name), email: needed(t.need.email), password: needed(t.need.password) },
    async ({ name, email, password }) => {
      const user = await send<User>('POST', '/users', { name, email: email.trim(), password })
      toast.done(t.made.done(user.name, String(user.id)))
      void client.invalidateQueries({ queryKey: usersKey })
      onMade(user.id)
    },
  )
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className={css.form}>
      <TextField label={t.name} autoComplete="off" {...form.field('name')} />
      <TextField label={t.email} type="email" autoComplete="off" {...form.field('email')} />
      <TextField
        label={t.made.password}
        type="password"
        autoComplete="new-password"
        hint={t.made.passwordHint}
        {...form.field('password')}
      />
      <FormEnd form={form} action={t.made.action} icon={<UserPlus />} />
    </form>
  )
}
