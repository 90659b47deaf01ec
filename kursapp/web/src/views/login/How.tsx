import { Card } from '../../ui/Card.tsx'
import css from './login.module.css'
import { useT } from './texts.ts'

/** What a login does, step by step. */
export function How() {
  const t = useT()
  return (
    <Card title={t.how.title}>
      <ol className={css.steps}>
        {t.how.steps.split('\n').map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p className={css.note}>{t.how.more}</p>
    </Card>
  )
}
