import { useMe } from '../../api/me.ts'
import type { TaskState } from '../../api/types.ts'
import { useShared } from '../../i18n/shared.ts'
import { useUrlState } from '../../lib/urlState.ts'
import { Card } from '../../ui/Card.tsx'
import { Page } from '../../ui/Page.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Empty, Failed, Loading } from '../../ui/States.tsx'
import { useQueues, useRedisGone } from './api.ts'
import { List } from './List.tsx'
import { Post } from './Post.tsx'
import { Queues } from './Queues.tsx'
import { states } from './rows.ts'
import { useT } from './texts.ts'

/** Dead is not lost: what waits, runs, is tried again, and what failed for good. */
export default function Tasks() {
  const t = useT()
  const shared = useShared()
  const { data: me } = useMe()
  const { queues, error, refetch } = useQueues()
  const { gone } = useRedisGone()
  const [url, change] = useUrlState()
  const demo = me?.mode === 'demo'
  const part = demo && url.get('teil') === 'post' ? 'post' : 'list'
  const wanted = url.get('zustand')
  const state: TaskState | '' = states.find((s) => s === wanted) ?? ''
  const chosen = queues?.find((q) => q.name === url.get('schlange')) ?? queues?.[0]

  const parts = demo && (
    <Segmented
      label={t.part}
      value={part}
      onChange={(next) => change({ teil: next === 'post' ? next : undefined, aufgabe: undefined })}
      options={[
        { value: 'list', label: t.parts.list },
        { value: 'post', label: t.parts.post },
      ]}
    />
  )
  return (
    <Page title={shared.nav.tasks} lead={t.lead} aside={parts}>
      {!queues ? (
        <Card>
          {gone ? (
            <Empty title={t.redisGone} hint={t.redisGoneHint} />
          ) : error ? (
            <Failed error={error} retry={() => refetch()} />
          ) : (
            <Loading lines={6} />
          )}
        </Card>
      ) : !chosen ? (
        <Card>
          <Empty title={t.noQueues} />
        </Card>
      ) : (
        <>
          <Queues
            queues={queues}
            chosen={part === 'list' ? chosen.name : ''}
            onChoose={(schlange) => change({ schlange, teil: undefined, aufgabe: undefined })}
          />
          {part === 'post' ? (
            <Post
              queues={queues}
              onTask={(schlange, aufgabe) =>
                change({ teil: undefined, zustand: undefined, schlange, aufgabe })
              }
            />
          ) : (
            <List
              queue={chosen}
              state={state}
              open={url.get('aufgabe') ?? undefined}
              demo={demo}
              change={change}
            />
          )}
        </>
      )}
    </Page>
  )
}
