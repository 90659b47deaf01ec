import { Mail } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { send } from '../../api/client.ts'
import type { Message } from '../../api/types.ts'
import { Button } from '../../ui/Button.tsx'
import { TextField } from '../../ui/Field.tsx'
import { FormEnd } from '../../ui/FormEnd.tsx'
import { announce } from '../../ui/toasts.ts'
import { needed, useForm } from '../../ui/useForm.ts'
import css from './login.module.css'
import { useT } from './texts.ts'

/** Asks for a code. Setting the new password has a page of its own, to which the mail leads too. */
export function ForgotForm({ demo }: { demo: boolean }) {
  const t = useT()
  const [sent, setSent] = useState('')
  const form = useForm({ email: needed(t.need.email) }, async ({ email }) => {
    const { message } = await send<Message>('POST', '/password-resets', { email: email.trim() })
    setSent(message)
    announce(message)
  })
  if (sent)
    return (
      <div className={css.form}>
        <p className={css.sent}>
          <span aria-hidden="true">✓ </span>
          {sent}
        </p>
        <div className={css.links}>
          <a href="/password-reset">{t.haveCode}</a>
          {demo && <Link href="/aufgaben">{t.mailbox}</Link>}
        </div>
        <div>
          <Button size="small" onClick={() => setSent('')}>
            {t.another}
          </Button>
        </div>
      </div>
    )
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className={css.form}>
      <p className={css.note}>{t.forgotLead}</p>
      <TextField label={t.email} type="email" autoComplete="username" {...form.field('email')} />
      <FormEnd form={form} action={t.forgot} icon={<Mail />}>
        <a className={css.link} href="/password-reset">
          {t.haveCode}
        </a>
      </FormEnd>
    </form>
  )
}
