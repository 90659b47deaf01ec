import { LogIn } from 'lucide-react'
import { Button } from '../../ui/Button.tsx'
import { Checkbox } from '../../ui/Checkbox.tsx'
import { TextField } from '../../ui/Field.tsx'
import { FormEnd } from '../../ui/FormEnd.tsx'
import { needed, useForm } from '../../ui/useForm.ts'
import css from './login.module.css'
import { useT } from './texts.ts'
import { useEnter } from './useEnter.ts'

export function LoginForm({ forgot }: { forgot(): void }) {
  const t = useT()
  const enter = useEnter()
  const form = useForm(
    { email: needed(t.need.email), password: needed(t.need.password), remember: () => '' },
    ({ email, password, remember }) => enter({ email: email.trim(), password, remember: remember !== '' }),
  )
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className={css.form}>
      <TextField label={t.email} type="email" autoComplete="username" {...form.field('email')} />
      <TextField
        label={t.password}
        type="password"
        autoComplete="current-password"
        {...form.field('password')}
      />
      <Checkbox label={t.remember} hint={t.rememberHint} name="remember" />
      <FormEnd form={form} action={t.login} icon={<LogIn />}>
        <Button look="quiet" size="small" onClick={forgot}>
          {t.forgotten}
        </Button>
      </FormEnd>
    </form>
  )
}
