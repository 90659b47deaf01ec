import { useEffect, useRef } from 'react'
import { useMe } from '../../api/me.ts'
import { useShared } from '../../i18n/shared.ts'
import { useUrlState } from '../../lib/urlState.ts'
import { useLive } from '../../live/store.ts'
import { Card } from '../../ui/Card.tsx'
import { Page } from '../../ui/Page.tsx'
import { Failed, Loading } from '../../ui/States.tsx'
import { useLimits } from './api.ts'
import css from './limits.module.css'
import { Rules } from './Rules.tsx'
import { State } from './State.tsx'
import { Try } from './Try.tsx'
import { useT } from './texts.ts'

/** The 11th is refused, and a refusal costs nothing. */
export default function LimitsView() {
  const t = useT()
  const shared = useShared()
  const { data: me } = useMe()
  const operates = me?.may.operate === true
  const { data: limits, error, refetch } = useLimits(operates)
  const redisGone = useLive((l) => l.status?.redis.ok === false)
  const degraded = limits?.degraded === true || redisGone
  const [url, change] = useUrlState()
  const state = useRef<HTMLDivElement>(null)
  // The table stands far from what it opens, on a phone out of sight.
  const toState = useRef(false)
  const chosen = url.get('regel') ?? 'data'
  // biome-ignore lint/correctness/useExhaustiveDependencies: another rule is what moves there
  useEffect(() => {
    if (!toState.current) return
    toState.current = false
    state.current?.scrollIntoView({ block: 'nearest' })
    state.current?.querySelector('input')?.focus({ preventScroll: true })
  }, [chosen])

  return (
    <Page title={shared.nav.limits} lead={t.lead}>
      {degraded && <p className={css.degraded}>{t.degraded}</p>}
      <div className={operates ? css.pair : undefined}>
        <Try
          rule={limits?.rules.find((r) => r.name === 'data')}
          operates={operates}
          degraded={degraded}
          asks={limits !== undefined && !degraded}
        />
        {operates && limits && (
          <div ref={state} className={css.stateBox}>
            <State
              rules={limits.rules}
              you={limits.you}
              degraded={degraded}
              chosen={chosen}
              onChoose={(regel) => change({ regel }, 'replace')}
            />
          </div>
        )}
      </div>
      {operates &&
        (limits ? (
          <Rules
            rules={limits.rules}
            degraded={degraded}
            onLook={(regel) => {
              toState.current = true
              change({ regel })
            }}
          />
        ) : (
          <Card title={t.rules.title}>
            {error ? <Failed error={error} retry={refetch} /> : <Loading lines={5} />}
          </Card>
        ))}
    </Page>
  )
}
