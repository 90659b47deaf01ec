import { UserPlus } from 'lucide-react'
import { send } from '../../api/client.ts'
import type { User } from '../../api/types.ts'
import { useUrlState } from '../../lib/urlState.ts'
import { TextField } from '../../ui/Field.tsx'
import { FormEnd } from '../../ui/FormEnd.tsx'
import { toast } from '../../ui/toasts.ts'
import { needed, useForm } from '../../ui/useForm.ts'
import css from './login.module.css'
import { useT } from './texts.ts'
import { useEnter } from './useEnter.ts'

export function RegisterForm() {
  const t = useT()
  const enter = useEnter()
  const [, setUrl] = useUrlState()
  const form = useForm(
    { name: needed(t.need.name), email: needed(t.need.email), password: needed(t.need.newPassword) },
    async ({ name, email, password }) => {
      const user = await send<User>('POST', '/users', { name, email: email.trim(), password })
      try {
        await enter({ email: user.email, password, remember: false }, t.registered(user.name))
      } catch {
        // The account is there; only the login did not work, and can be tried again.
        toast.done(t.registeredOnly)
        setUrl({ form: undefined }, 'replace')
      }
    },
  )
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className={css.form}>
      <TextField label={t.name} autoComplete="name" {...form.field('name')} />
      <TextField label={t.email} type="email" autoComplete="username" {...form.field('email')} />
      <TextField
        label={t.password}
        type="password"
        autoComplete="new-password"
        hint={t.passwordHint}
        {...form.field('password')}
      />
      <FormEnd form={form} action={t.register} icon={<UserPlus />} />
    </form>
  )
}
