import type { LimitRule } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { Card } from '../../ui/Card.tsx'
import { Chip } from '../../ui/Chip.tsx'
import { Empty } from '../../ui/States.tsx'
import { Table } from '../../ui/Table.tsx'
import css from './limits.module.css'
import { guardsOf, windowText } from './names.ts'
import { useT } from './texts.ts'

interface RulesProps {
  rules: readonly LimitRule[]
  degraded: boolean
  onLook(rule: string): void
}

/** All rules as they hold now. */
export function Rules({ rules, degraded, onLook }: RulesProps) {
  const t = useT()
  const f = useFormat()
  return (
    <Card flush title={t.rules.title} hint={t.rules.hint}>
      {rules.length === 0 ? (
        <Empty title={t.rules.empty} />
      ) : (
        <Table label={t.rules.table} className={css.rules}>
          <thead>
            <tr>
              <th scope="col">{t.rules.rule}</th>
              <th scope="col">{t.rules.limit}</th>
              <th scope="col">{t.rules.by}</th>
              <th scope="col">{t.rules.without}</th>
            </tr>
          </thead>
          <tbody>
            {rules.map((r) => (
              <tr key={r.name} className={r.off ? css.off : undefined}>
                <th scope="row">
                  {guardsOf(r, t)}
                  <button
                    type="button"
                    className={css.ruleName}
                    title={t.rules.look}
                    onClick={() => onLook(r.name)}
                  >
                    {r.name}
                    <span className="sr-only">: {t.rules.look}</span>
                  </button>
                </th>
                <td>
                  {r.off ? (
                    <Chip>{t.rules.off}</Chip>
                  ) : (
                    t.rules.per(f.int(r.limit), windowText(r.window_ms, f))
                  )}
                  <span className={css.second}>
                    {t.algorithm[r.algorithm]}
                    {r.burst > 0 && `, ${t.rules.burst(f.int(r.burst))}`}
                  </span>
                </td>
                <td>{t.subject[r.subject]}</td>
                <td className={degraded && !r.off ? css.inForce : undefined}>{t.without[r.without_redis]}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  )
}
