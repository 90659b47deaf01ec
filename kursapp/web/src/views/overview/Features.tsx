import type { FeatureState } from '../../api/types.ts'
import { useShared } from '../../i18n/shared.ts'
import { cx } from '../../lib/cx.ts'
import { useDatabaseName, usePresent } from '../../live/present.ts'
import { useLive } from '../../live/store.ts'
import { Card } from '../../ui/Card.tsx'
import { Loading, Unknown } from '../../ui/States.tsx'
import css from './overview.module.css'
import { useT } from './texts.ts'

const marks: Record<FeatureState, string> = { ok: '✓', degraded: '◐', down: '✕' }

/** What each feature does now, and what it would do without Redis. */
export function Features() {
  const t = useT()
  const shared = useShared()
  const db = useDatabaseName()
  const { known, waiting, since } = usePresent()
  const features = useLive((l) => l.status?.features)
  return (
    <Card flush title={t.features.title} hint={t.features.hint}>
      {!features || waiting ? (
        <Loading lines={4} />
      ) : (
        <ul>
          {features.map(({ name, state }) => (
            <li key={name} className={css.feature}>
              <span className={cx(css.mark, known && css[state])} aria-hidden="true">
                {known ? marks[state] : '?'}
              </span>
              <div>
                <p className={css.featureName}>
                  {shared.feature[name]}{' '}
                  <span className="muted">{known ? t.features[state] : <Unknown since={since} />}</span>
                </p>
                {known && <p>{t.features.now[name][state].replace('{db}', db)}</p>}
                {(!known || state === 'ok') && (
                  <p className="muted">{t.features.without[name].replace('{db}', db)}</p>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
