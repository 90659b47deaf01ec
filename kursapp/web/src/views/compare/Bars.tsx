import { useFormat } from '../../i18n/format.ts'
import { useShared } from '../../i18n/shared.ts'
import { cx } from '../../lib/cx.ts'
import css from './compare.module.css'
import { scaleOf, type Way } from './model.ts'
import { nameOf } from './names.ts'
import { useT } from './texts.ts'

/** p50 of each way as a bar, with a whisker to p99, on one linear scale: length is time. */
export function Bars({ ways }: { ways: readonly Way[] }) {
  const t = useT()
  const f = useFormat()
  const shared = useShared()
  const longest = scaleOf(ways)
  const share = (us: number) => `${(Math.min(1, us / longest) * 100).toFixed(3)}%`
  return (
    <ul className={css.bars}>
      {ways.map((way) => (
        <li key={`${way.via}${way.tier}`} className={cx(css.bar, css[way.tier])}>
          <div className={css.barName}>
            {nameOf(way, t)}
            {way.answeredBy && (
              <span className={css.answered}>
                {t.answeredBy(
                  Object.entries(way.answeredBy)
                    .map(([tier, n]) => `${f.int(n)} ${shared.source[tier as Way['tier']]}`)
                    .join(', '),
                )}
              </span>
            )}
          </div>
          <div className={css.track} aria-hidden="true">
            <span className={css.fill} style={{ width: share(way.p50) }} />
            <span
              className={cx(css.whisker, way.p99 > longest && css.cut)}
              style={{ left: share(way.p50), right: `calc(100% - ${share(way.p99)})` }}
            />
          </div>
          <div className={css.barValue}>
            <strong>{f.micros(way.p50)}</strong>
            <span className={css.p99}>{t.p99(f.micros(way.p99))}</span>
          </div>
        </li>
      ))}
    </ul>
  )
}
