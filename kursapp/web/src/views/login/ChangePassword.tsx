import { useMutation, useQueryClient } from '@tanstack/react-query'
import { send } from '../../api/client.ts'
import { useRefreshMe } from '../../api/me.ts'
import type { Message } from '../../api/types.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { TextField } from '../../ui/Field.tsx'
import { FormEnd } from '../../ui/FormEnd.tsx'
import { useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { needed, useForm } from '../../ui/useForm.ts'
import css from './login.module.css'
import { useT } from './texts.ts'
import { devicesKey } from './useDevices.ts'

export function ChangePassword({ email }: { email: string }) {
  const t = useT()
  const text = useErrorText()
  const client = useQueryClient()
  const refresh = useRefreshMe()
  const form = useForm(
    { old_password: needed(t.need.password), new_password: needed(t.need.newPassword) },
    async (passwords, element) => {
      const { message } = await send<Message>('PUT', '/profile/password', passwords)
      element.reset()
      toast.done(message)
      // The cookie holds a new session, and the others are gone.
      await Promise.all([refresh(), client.invalidateQueries({ queryKey: devicesKey })])
    },
  )
  const reset = useMutation({
    mutationFn: () => send<Message>('POST', '/password-resets', { email }),
    onSuccess: ({ message }) => toast.done(message),
    onError: (err) => toast.failed(text(err)),
  })
  return (
    <Card title={t.change.title} hint={t.change.hint}>
      <form ref={form.ref} onSubmit={form.onSubmit} noValidate className={css.form}>
        {/* For password managers: whose password it is. */}
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <TextField
          label={t.oldPassword}
          type="password"
          autoComplete="current-password"
          {...form.field('old_password')}
        />
        <TextField
          label={t.newPassword}
          type="password"
          autoComplete="new-password"
          hint={t.passwordHint}
          {...form.field('new_password')}
        />
        <FormEnd form={form} look="plain" action={t.change.action}>
          <Button look="quiet" size="small" busy={reset.isPending} onClick={() => reset.mutate()}>
            {t.change.forgot}
          </Button>
        </FormEnd>
      </form>
    </Card>
  )
}
