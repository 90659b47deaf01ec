import { useFormat } from '../../i18n/format.ts'
import { Chip } from '../../ui/Chip.tsx'
import { Table } from '../../ui/Table.tsx'
import type { Reply } from './burst.ts'
import css from './limits.module.css'
import { useT } from './texts.ts'

/** Each answer of a burst with the header that says what is left. */
export function Answers({ replies }: { replies: readonly Reply[] }) {
  const t = useT()
  const f = useFormat()
  return (
    <details className={css.answers}>
      <summary>{t.try.answers}</summary>
      <Table label={t.try.answers}>
        <thead>
          <tr>
            <th scope="col" className="num">
              {t.try.col.no}
            </th>
            <th scope="col">{t.try.col.status}</th>
            <th scope="col">{t.try.col.header}</th>
            <th scope="col" className="num">
              {t.try.col.took}
            </th>
          </tr>
        </thead>
        <tbody>
          {replies.map((r, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: answers keep their order
            <tr key={i}>
              <td className="num">{i + 1}</td>
              <td>
                {r.outcome === 'allowed' ? (
                  <Chip mark="✓">
                    {r.status} {t.try.allowed}
                  </Chip>
                ) : (
                  <Chip tone="error">
                    {r.status || '–'} {r.outcome === 'denied' ? t.try.refused : r.status ? '' : t.try.none}
                  </Chip>
                )}
              </td>
              <td className="mono">{r.header || '–'}</td>
              <td className="num">{f.millis(r.ms)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </details>
  )
}
