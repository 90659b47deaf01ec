import { useFormat } from '../../i18n/format.ts'
import { Chip } from '../../ui/Chip.tsx'
import { Table } from '../../ui/Table.tsx'
import type { Way } from './model.ts'
import { nameOf } from './names.ts'
import { useT } from './texts.ts'

/** All figures of all ways. */
export function Figures({ ways }: { ways: readonly Way[] }) {
  const t = useT()
  const f = useFormat()
  const withServer = ways.some((w) => w.serverP50 !== undefined)
  const times = [
    ['p50', (w: Way) => w.p50],
    ['p90', (w: Way) => w.p90],
    ['p99', (w: Way) => w.p99],
    [t.col.min, (w: Way) => w.min],
    [t.col.mean, (w: Way) => w.mean],
    [t.col.max, (w: Way) => w.max],
  ] as const
  return (
    <Table label={t.tableLabel}>
      <thead>
        <tr>
          <th scope="col">{t.col.way}</th>
          <th scope="col" className="num">
            {t.col.n}
          </th>
          <th scope="col" className="num">
            {t.col.errors}
          </th>
          {times.map(([name]) => (
            <th key={name} scope="col" className="num">
              {name}
            </th>
          ))}
          {withServer && (
            <th scope="col" className="num">
              {t.col.server}
            </th>
          )}
          <th scope="col" className="num">
            {t.col.throughput}
          </th>
        </tr>
      </thead>
      <tbody>
        {ways.map((w) => (
          <tr key={`${w.via}${w.tier}`}>
            <th scope="row">
              <Chip tone={w.tier}>{nameOf(w, t)}</Chip>
            </th>
            <td className="num">{f.int(w.n)}</td>
            <td className="num">{f.int(w.errors)}</td>
            {times.map(([name, of]) => (
              <td key={name} className="num">
                {f.micros(of(w))}
              </td>
            ))}
            {withServer && <td className="num">{w.serverP50 === undefined ? '–' : f.micros(w.serverP50)}</td>}
            <td className="num">{f.int(w.throughput)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
