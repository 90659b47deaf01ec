import type { Stampede } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { useShared } from '../../i18n/shared.ts'
import { cx } from '../../lib/cx.ts'
import css from './StampedeGrid.module.css'
import { useT } from './texts.ts'

/** All requests that came at once, one square each, by who answered. */
export function StampedeGrid({ result }: { result: Stampede }) {
  const t = useT()
  const shared = useShared()
  const f = useFormat()
  const parts = [
    { tone: 'database', n: result.loads, name: shared.source.database },
    { tone: 'joined', n: result.collapsed, name: t.reason.collapsed },
    { tone: 'redis', n: result.from_redis, name: shared.source.redis },
    { tone: 'local', n: result.from_local, name: shared.source.local },
    { tone: 'error', n: result.errors, name: shared.source.error },
  ].filter((p) => p.n > 0)
  return (
    <figure className={css.box}>
      <div className={css.grid} aria-hidden="true">
        {parts.flatMap((p) =>
          Array.from({ length: p.n }, (_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the squares are all the same
            <span key={`${p.tone}${i}`} className={cx(css.square, css[p.tone])} />
          )),
        )}
      </div>
      <figcaption className={css.legend}>
        {parts.map((p) => (
          <span key={p.tone} className={css.item}>
            <span className={cx(css.square, css[p.tone])} aria-hidden="true" />
            {f.int(p.n)} {p.name}
          </span>
        ))}
      </figcaption>
    </figure>
  )
}
