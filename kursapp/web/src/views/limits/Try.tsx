import { useQueryClient } from '@tanstack/react-query'
import { RotateCcw, Send, Square } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { LimitRule } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { serverNow, useServerNow } from '../../lib/clock.ts'
import { useUrlState } from '../../lib/urlState.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { useErrorText } from '../../ui/States.tsx'
import { Ttl } from '../../ui/Ttl.tsx'
import { announce, toast } from '../../ui/toasts.ts'
import { Answers } from './Answers.tsx'
import { counterKey, resetCounter, useCounter } from './api.ts'
import { burst, mostInBurst, type Reply, tally } from './burst.ts'
import css from './limits.module.css'
import { windowText } from './names.ts'
import { Slots } from './Slots.tsx'
import { useT } from './texts.ts'

const mine = { rule: 'data', subject: '' }
// The course's rule; what the server says replaces it.
const usual = { limit: 10, window: 60_000 }

interface TryProps {
  rule: LimitRule | undefined
  operates: boolean
  degraded: boolean
  /** The counter can be looked at. */
  asks: boolean
}

/** Sends a burst against a real limit and shows what becomes of it. */
export function Try({ rule, operates, degraded, asks }: TryProps) {
  const t = useT()
  const f = useFormat()
  const errorText = useErrorText()
  const client = useQueryClient()
  const [url, change] = useUrlState()
  const asked = Number(url.get('senden'))
  const n = Number.isInteger(asked) && asked >= 1 && asked <= mostInBurst ? asked : 15
  const [replies, setReplies] = useState<readonly Reply[]>([])
  const [seen, setSeen] = useState<{ limit: number; left: number; endsAt: number; at: number }>()
  const [sending, setSending] = useState(false)
  const [resetting, setResetting] = useState(false)
  const run = useRef<AbortController>(undefined)
  useEffect(() => () => run.current?.abort(), [])

  const { data: counter } = useCounter(asks ? mine : undefined)
  // The newest of what the replies and the counter said.
  const known =
    counter && (!seen || counter.seenAt > seen.at)
      ? { limit: counter.limit, left: counter.remaining, endsAt: counter.seenAt + counter.reset_ms, at: 0 }
      : seen
  const limit = known?.limit ?? rule?.limit ?? usual.limit
  const now = useServerNow(known !== undefined && known.left < known.limit)
  const over = !known || known.endsAt <= now
  const used = over ? 0 : limit - known.left
  const sum = tally(replies)

  const send = async () => {
    const control = new AbortController()
    run.current = control
    setReplies([])
    setSending(true)
    const got: Reply[] = []
    try {
      await burst(n, control.signal, (reply) => {
        got.push(reply)
        setReplies([...got])
        if (reply.left === undefined) return
        const at = serverNow()
        setSeen((before) => ({
          limit: reply.limit ?? before?.limit ?? limit,
          left: reply.left ?? 0,
          endsAt: at + (reply.resetMs ?? 0),
          at,
        }))
      })
    } catch {
      // Given up: what has come so far stands.
    }
    setSending(false)
    const s = tally(got)
    announce(t.try.outcome(f.int(s.allowed), f.int(s.denied)))
    if (asks) client.invalidateQueries({ queryKey: counterKey(mine) })
  }
  const reset = async () => {
    setResetting(true)
    try {
      const { message } = await resetCounter(mine)
      setReplies([])
      setSeen(undefined)
      await client.invalidateQueries({ queryKey: ['limit-state'] })
      toast.done(message)
    } catch (err) {
      toast.failed(errorText(err))
    }
    setResetting(false)
  }

  const window = rule?.window_ms ?? usual.window
  return (
    <Card
      title={t.try.title}
      hint={
        operates && !rule ? t.try.hintUnknown : t.try.hint(f.int(rule?.limit ?? limit), windowText(window, f))
      }
    >
      <div className={css.controls}>
        <label className={css.slider}>
          <span className={css.sliderLabel}>{t.try.howMany}</span>
          <input
            type="range"
            min={1}
            max={mostInBurst}
            value={n}
            disabled={sending}
            onChange={(e) =>
              change({ senden: e.target.value === '15' ? undefined : e.target.value }, 'replace')
            }
          />
          <output>{f.int(n)}</output>
        </label>
        <div className={css.buttons}>
          {sending ? (
            <Button icon={<Square />} onClick={() => run.current?.abort()}>
              {t.try.stop}
            </Button>
          ) : (
            <Button look="primary" icon={<Send />} onClick={send}>
              {n === 1 ? t.try.sendOne : t.try.send(f.int(n))}
            </Button>
          )}
          {operates && (
            <Button icon={<RotateCcw />} busy={resetting} disabled={degraded || sending} onClick={reset}>
              {t.try.reset}
            </Button>
          )}
        </div>
      </div>
      <Slots limit={limit} used={used} denied={sum.denied} />
      <div className={css.outcome}>
        <p className={css.sentence}>
          {replies.length === 0 ? (
            <span className={css.before}>{t.try.before}</span>
          ) : (
            <>
              {t.try.outcome(f.int(sum.allowed), f.int(sum.denied))}
              {sum.failed > 0 && <>, {t.try.failed(f.int(sum.failed))}</>}
            </>
          )}
        </p>
        {used > 0 && known ? (
          <div className={css.countdown}>
            <span>{t.try.windowEnds}</span>
            <Ttl endsAt={known.endsAt} of={window} tone="bypass" label={t.try.windowEnds} />
          </div>
        ) : (
          <p className={css.free}>{degraded ? '' : t.try.windowFree}</p>
        )}
      </div>
      {sum.uncounted && <p className={css.note}>{t.try.notCounted}</p>}
      {replies.length > 0 && <Answers replies={replies} />}
    </Card>
  )
}
