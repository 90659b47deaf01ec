import { useMutation } from '@tanstack/react-query'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import css from './login.module.css'
import { useT } from './texts.ts'
import { useEnter } from './useEnter.ts'

// The course sheet's account. The demo alone has it, and says so to everybody who starts it.
const max = { email: 'max@example.com', password: 'test123' }

export function DemoAccount() {
  const t = useT()
  const text = useErrorText()
  const enter = useEnter()
  const login = useMutation({
    mutationFn: () => enter({ ...max, remember: false }),
    onError: (err) => toast.failed(text(err)),
  })
  return (
    <Card title={t.demo.title}>
      <div className={css.demo}>
        <dl className={css.account}>
          <dt>{t.email}</dt>
          <dd className="mono">{max.email}</dd>
          <dt>{t.password}</dt>
          <dd className="mono">{max.password}</dd>
        </dl>
        <Button busy={login.isPending} onClick={() => login.mutate()}>
          {t.demo.use}
        </Button>
      </div>
      <p className={css.note}>{t.demo.text}</p>
    </Card>
  )
}
