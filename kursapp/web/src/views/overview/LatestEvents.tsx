import { ArrowRight } from 'lucide-react'
import { Link } from 'wouter'
import { useLive } from '../../live/store.ts'
import { useQuiet } from '../../live/useQuiet.ts'
import { Card } from '../../ui/Card.tsx'
import { EventRow } from '../../ui/EventRow.tsx'
import { Fresh } from '../../ui/Fresh.tsx'
import { Empty, Loading } from '../../ui/States.tsx'
import css from './overview.module.css'
import { useT } from './texts.ts'

const shown = 11

/** What happened last, the newest first. */
export function LatestEvents() {
  const t = useT()
  const state = useLive((l) => l.state)
  const { events, held, show, hold } = useQuiet(useLive((l) => l.events))
  return (
    <Card
      flush
      title={t.events.title}
      aside={
        <>
          <Fresh n={held} onShow={show} />
          <Link href="/cache" className={css.more}>
            {t.events.all}
            <ArrowRight aria-hidden="true" />
          </Link>
        </>
      }
    >
      {events.length > 0 ? (
        <ol aria-label={t.events.label} {...hold}>
          {events
            .slice(-shown)
            .toReversed()
            .map((e) => (
              <EventRow key={e.seq} event={e} />
            ))}
        </ol>
      ) : state === 'connecting' ? (
        <Loading lines={5} />
      ) : (
        <Empty
          title={t.events.none}
          hint={t.events.noneHint}
          action={<Link href="/cache">{t.events.read}</Link>}
        />
      )}
    </Card>
  )
}
