import { Gauge } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { SelectField, TextField } from '../../ui/Field.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import css from './compare.module.css'
import { useT } from './texts.ts'

export type Mode = 'server' | 'browser'

/** What to measure, as it stands in the URL. */
export interface Settings {
  mode: Mode
  requests: number
  concurrency: number
  userId: number
  change(what: Record<string, string | undefined>, how?: 'push' | 'replace'): void
}

interface FormProps {
  settings: Settings
  requests: readonly number[]
  concurrency: readonly number[]
  running: boolean
  /** There is a result already. */
  again: boolean
  /** Why nothing can be measured now. */
  blocked?: string | undefined
  onStart(): void
  /** The progress, while running. */
  children: ReactNode
}

export function Form({
  settings,
  requests,
  concurrency,
  running,
  again,
  blocked,
  onStart,
  children,
}: FormProps) {
  const t = useT()
  const f = useFormat()
  const [user, setUser] = useState(String(settings.userId))
  const wrong = /^[1-9]\d{0,8}$/.test(user) ? undefined : t.userWrong
  const withOwn = (list: readonly number[], own: number) =>
    list.includes(own) ? list : [...list, own].sort((a, b) => a - b)
  return (
    <Card
      aside={
        <Segmented
          label={t.mode}
          value={settings.mode}
          onChange={(mode) =>
            settings.change({
              art: mode === 'server' ? undefined : mode,
              anfragen: undefined,
              gleichzeitig: undefined,
            })
          }
          options={[
            { value: 'server', label: t.modes.server },
            { value: 'browser', label: t.modes.browser },
          ]}
        />
      }
      title={t.mode}
    >
      <p className={css.modeHint}>{t.modeHint[settings.mode]}</p>
      <form
        className={css.form}
        onSubmit={(e) => {
          e.preventDefault()
          if (!wrong && !running && !blocked) onStart()
        }}
      >
        <SelectField
          label={t.requests}
          value={settings.requests}
          disabled={running}
          onChange={(e) => settings.change({ anfragen: e.target.value }, 'replace')}
        >
          {withOwn(requests, settings.requests).map((n) => (
            <option key={n} value={n}>
              {f.int(n)}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={t.concurrency}
          value={settings.concurrency}
          disabled={running}
          onChange={(e) => settings.change({ gleichzeitig: e.target.value }, 'replace')}
        >
          {withOwn(concurrency, settings.concurrency).map((n) => (
            <option key={n} value={n}>
              {f.int(n)}
            </option>
          ))}
        </SelectField>
        <TextField
          label={t.user}
          inputMode="numeric"
          value={user}
          disabled={running}
          error={wrong}
          onChange={(e) => {
            setUser(e.target.value)
            if (/^[1-9]\d{0,8}$/.test(e.target.value))
              settings.change({ benutzer: e.target.value }, 'replace')
          }}
        />
        {!running && (
          <Button look="primary" type="submit" icon={<Gauge />} disabled={!!wrong || !!blocked}>
            {again ? t.again : t.start}
          </Button>
        )}
      </form>
      {blocked && <p className={css.warning}>{blocked}</p>}
      {children}
    </Card>
  )
}
