import { useQueryClient } from '@tanstack/react-query'
import { Ban, Send } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { QueueCounts } from '../../api/types.ts'
import { serverNow } from '../../lib/clock.ts'
import { useLive } from '../../live/store.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { TextField } from '../../ui/Field.tsx'
import { useErrorText } from '../../ui/States.tsx'
import { toast } from '../../ui/toasts.ts'
import { getMails, sendMail, useRedisGone, useWatch } from './api.ts'
import { Mailbox } from './Mailbox.tsx'
import { Travel } from './Travel.tsx'
import css from './tasks.module.css'
import { useT } from './texts.ts'
import { locate, mailKey, type Parcel, type Whereabouts } from './travel.ts'

// The queue of the demo's mails.
const queueOfMails = 'email_queue'
// Nobody watches a mail for longer.
const patience = 120_000

interface PostProps {
  queues: readonly QueueCounts[]
  onTask(queue: string, id: string): void
}

/** Sends a test mail, watches it travel, and shows what arrived. */
export function Post({ queues, onTask }: PostProps) {
  const t = useT()
  const errorText = useErrorText()
  const client = useQueryClient()
  const { gone } = useRedisGone()
  const [mail, setMail] = useState({ to: 'max@example.com', subject: '', body: '' })
  const [sending, setSending] = useState<'good' | 'broken'>()
  const [parcel, setParcel] = useState<Parcel>()
  const [where, setWhere] = useState<Whereabouts>()
  const [lostSight, setLostSight] = useState(false)

  const arrived = where?.stage === 'delivered' || where?.stage === 'dead'
  const watch = useWatch(queueOfMails, parcel !== undefined && !arrived && !lostSight)
  const events = useLive((l) => l.events)
  useEffect(() => {
    if (!parcel) return
    setWhere((before) => locate(parcel, before, watch.data?.tasks ?? [], watch.data?.mails ?? [], events))
    if (serverNow() - parcel.sentAt > patience) setLostSight(true)
  }, [parcel, watch.data, events])
  useEffect(() => {
    if (!arrived) return
    void client.invalidateQueries({ queryKey: ['mails'] })
    void client.invalidateQueries({ queryKey: ['queues'] })
  }, [arrived, client])

  const send = async (broken: boolean) => {
    setSending(broken ? 'broken' : 'good')
    const full = {
      to: mail.to.trim(),
      subject: mail.subject.trim() || t.mail.subjectDefault,
      body: mail.body.trim() || t.mail.bodyDefault,
    }
    try {
      const before = new Set((await getMails()).mails.map(mailKey))
      const sentAt = serverNow()
      const { id } = await sendMail(broken ? { broken: true } : full)
      setWhere(undefined)
      setLostSight(false)
      setParcel({ id, broken, to: full.to, subject: full.subject, sentAt, before })
      void client.invalidateQueries({ queryKey: ['queues'] })
    } catch (err) {
      toast.failed(errorText(err))
    }
    setSending(undefined)
  }
  const field = (name: 'to' | 'subject' | 'body') => ({
    value: mail[name],
    onChange: (e: { target: { value: string } }) => setMail({ ...mail, [name]: e.target.value }),
  })
  const queue = queues.find((q) => q.name === queueOfMails)
  return (
    <div className={css.post}>
      <Card title={t.mail.title} hint={t.mail.hint}>
        <form
          className={css.mailForm}
          onSubmit={(e) => {
            e.preventDefault()
            void send(false)
          }}
        >
          <TextField label={t.mail.to} type="email" required {...field('to')} />
          <TextField
            label={t.mail.subject}
            placeholder={t.mail.subjectDefault}
            maxLength={200}
            {...field('subject')}
          />
          <TextField
            className={css.mailBody}
            label={t.mail.body}
            placeholder={t.mail.bodyDefault}
            maxLength={2000}
            {...field('body')}
          />
          <div className={css.mailButtons}>
            <Button look="primary" type="submit" icon={<Send />} busy={sending === 'good'} disabled={gone}>
              {t.mail.send}
            </Button>
            <Button
              icon={<Ban />}
              busy={sending === 'broken'}
              disabled={gone}
              title={t.mail.brokenHint}
              onClick={() => void send(true)}
            >
              {t.mail.sendBroken}
            </Button>
          </div>
        </form>
        {gone ? (
          <p className={css.small}>
            {t.redisGone}. {t.redisGoneHint}
          </p>
        ) : (
          parcel &&
          where && (
            <Travel
              parcel={parcel}
              where={where}
              paused={queue?.paused === true}
              lostSight={lostSight && !arrived}
              onTask={() => onTask(queueOfMails, parcel.id)}
            />
          )
        )}
      </Card>
      <Mailbox expecting={where?.stage === 'delivered' ? parcel?.id : undefined} />
    </div>
  )
}
