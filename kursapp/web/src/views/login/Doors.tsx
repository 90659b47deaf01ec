import { ArrowLeft } from 'lucide-react'
import { useSearch } from 'wouter'
import { useUrlState } from '../../lib/urlState.ts'
import { useEnded } from '../../session/ended.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { DemoAccount } from './DemoAccount.tsx'
import { ForgotForm } from './ForgotForm.tsx'
import { How } from './How.tsx'
import { LoginForm } from './LoginForm.tsx'
import css from './login.module.css'
import { RegisterForm } from './RegisterForm.tsx'
import { useT } from './texts.ts'
import { goOn, inUrl, wayOf } from './where.ts'

/** What somebody sees who is not logged in. */
export function Doors({ demo }: { demo: boolean }) {
  const t = useT()
  const ended = useEnded()
  const [url, setUrl] = useUrlState()
  const next = goOn(new URLSearchParams(useSearch()).get('weiter'))
  const way = wayOf(url.get('form'))
  const ways = ['login', 'register'] as const
  return (
    <>
      {ended && (
        <div className={css.notice}>
          <span className={css.noticeGlyph} aria-hidden="true">
            ◷
          </span>
          <p>
            <strong>{t.ended[ended]}</strong> {t.ended.hint[ended]}
          </p>
        </div>
      )}
      <div className={css.doors}>
        <Card className={css.door}>
          {way === 'forgot' ? (
            <div className={css.ways}>
              <h2>{t.ways.forgot}</h2>
              <Button
                look="quiet"
                size="small"
                icon={<ArrowLeft />}
                onClick={() => setUrl({ form: undefined })}
              >
                {t.ways.login}
              </Button>
            </div>
          ) : (
            <div className={css.ways}>
              <h2 className="sr-only">{t.ways[way]}</h2>
              <Segmented
                label={t.ways.label}
                value={way}
                onChange={(to) => setUrl({ form: inUrl[to] }, 'replace')}
                options={ways.map((value) => ({ value, label: t.ways[value] }))}
              />
            </div>
          )}
          {next && way === 'login' && <p className={css.note}>{t.after}</p>}
          {way === 'login' && <LoginForm forgot={() => setUrl({ form: inUrl.forgot })} />}
          {way === 'register' && <RegisterForm />}
          {way === 'forgot' && <ForgotForm demo={demo} />}
        </Card>
        <div className={css.column}>
          {demo && <DemoAccount />}
          <How />
        </div>
      </div>
    </>
  )
}
