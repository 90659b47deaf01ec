import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import type { LimitRule } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Code } from '../../ui/Code.tsx'
import { Confirm } from '../../ui/Dialog.tsx'
import { SelectField, TextField } from '../../ui/Field.tsx'
import { Stat } from '../../ui/Stat.tsx'
import { Empty, Failed, Loading, useErrorText } from '../../ui/States.tsx'
import { Ttl } from '../../ui/Ttl.tsx'
import { toast } from '../../ui/toasts.ts'
import { resetCounter, type Subject, useCounter } from './api.ts'
import css from './limits.module.css'
import { guardsOf, guardsSecrets } from './names.ts'
import { useT } from './texts.ts'

interface StateProps {
  rules: readonly LimitRule[]
  you: string
  degraded: boolean
  /** The rule of the URL. Whom it is about is not there: an e-mail address belongs into no URL. */
  chosen: string
  onChoose(rule: string): void
}

/** What somebody has left under a rule, and the way to forget it. */
export function State({ rules, you, degraded, chosen, onChoose }: StateProps) {
  const t = useT()
  const rule = rules.find((r) => r.name === chosen) ?? rules[0]
  const [subject, setSubject] = useState('')
  const [missing, setMissing] = useState(false)
  const [of, setOf] = useState<Subject>()
  const field = useRef<HTMLInputElement>(null)
  // What was looked at belongs to a rule; another one begins with the asker, where it counts addresses.
  const own = rule?.subject === 'address' ? { rule: rule.name, subject: '' } : undefined
  const shown = of && of.rule === rule?.name ? of : own

  const look = (e: FormEvent) => {
    e.preventDefault()
    if (!rule) return
    const whose = subject.trim()
    const needed = rule.subject !== 'address' && whose === ''
    setMissing(needed)
    if (needed) field.current?.focus()
    else setOf({ rule: rule.name, subject: whose })
  }
  return (
    <Card title={t.state.title} hint={t.state.hint}>
      <form className={css.stateForm} onSubmit={look}>
        <SelectField
          label={t.state.rule}
          value={rule?.name ?? ''}
          onChange={(e) => {
            onChoose(e.target.value)
            setSubject('')
            setMissing(false)
          }}
        >
          {rules.map((r) => (
            <option key={r.name} value={r.name}>
              {guardsOf(r, t)}
            </option>
          ))}
        </SelectField>
        <TextField
          ref={field}
          label={t.state.subject[rule?.subject ?? 'address']}
          value={subject}
          autoComplete="off"
          spellCheck={false}
          hint={rule?.subject === 'address' ? t.state.subjectHint(you) : undefined}
          error={missing ? t.state.missing : undefined}
          onChange={(e) => {
            setSubject(e.target.value)
            setMissing(false)
          }}
        />
        <Button type="submit" disabled={degraded || !rule}>
          {t.state.look}
        </Button>
      </form>
      {degraded ? (
        <Empty title={t.state.unavailable} />
      ) : shown && rule ? (
        <Found of={shown} rule={rule} />
      ) : (
        <Empty title={t.state.empty} />
      )}
    </Card>
  )
}

function Found({ of, rule }: { of: Subject; rule: LimitRule }) {
  const t = useT()
  const f = useFormat()
  const errorText = useErrorText()
  const client = useQueryClient()
  const { data: c, error, refetch } = useCounter(of)
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  if (!c) return error ? <Failed error={error} retry={refetch} /> : <Loading lines={3} />
  const reset = async () => {
    setBusy(true)
    try {
      toast.done((await resetCounter(of)).message)
      await client.invalidateQueries({ queryKey: ['limit-state'] })
      setAsking(false)
    } catch (err) {
      toast.failed(errorText(err))
    }
    setBusy(false)
  }
  const used = c.remaining < c.limit
  return (
    <div className={css.found}>
      <div className={css.foundFigures}>
        <Stat
          label={t.state.leftLabel}
          value={t.state.left(f.int(Math.max(0, c.remaining)), f.int(c.limit))}
        />
        <Stat
          label={t.state.again}
          value={c.retry_after_ms > 0 ? f.span(Math.ceil(c.retry_after_ms / 1000) * 1000) : t.state.now}
        />
      </div>
      {c.reset_ms > 0 && (
        <div className={css.countdown}>
          <span>{t.state.resets}</span>
          <Ttl endsAt={c.seenAt + c.reset_ms} of={rule.window_ms} tone="bypass" label={t.state.resets} />
        </div>
      )}
      <div>
        <p className={css.slotTitle}>{t.state.key}</p>
        <Code text={c.key} label={t.state.key} />
        {!used && c.ttl_ms === 0 && <p className={css.slotText}>{t.state.keyGone}</p>}
      </div>
      <div>
        <Button look="danger" disabled={!used} onClick={() => setAsking(true)}>
          {t.state.reset}
        </Button>
      </div>
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={reset}
        title={t.state.askTitle}
        action={t.state.askAction}
        danger
        busy={busy}
      >
        <p>{t.state.ask(rule.name, of.subject || c.subject)}</p>
        {guardsSecrets(rule) && <p className={css.note}>{t.state.askGuard}</p>}
      </Confirm>
    </div>
  )
}
