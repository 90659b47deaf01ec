import type { LogEvent } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { cx } from '../../lib/cx.ts'
import { Table } from '../../ui/Table.tsx'
import { changeable, type Row, stateOf } from './rows.ts'
import { StateChip } from './StateChip.tsx'
import css from './tasks.module.css'
import { useT } from './texts.ts'
import { When } from './When.tsx'

interface RowsProps {
  rows: readonly Row[]
  events: ReadonlyMap<string, LogEvent[]>
  chosen: ReadonlySet<string>
  setChosen(ids: ReadonlySet<string>): void
  onOpen(id: string): void
}

/** The rows of the list. */
export function Rows({ rows, events, chosen, setChosen, onOpen }: RowsProps) {
  const t = useT()
  const f = useFormat()
  const shown = rows.map((row) => ({ row, state: stateOf(row, events.get(row.task.id)) }))
  const able = shown.filter((s) => changeable(s.state) && !s.row.left).map((s) => s.row.task.id)
  const allChosen = able.length > 0 && able.every((id) => chosen.has(id))
  const toggle = (id: string) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  return (
    <Table label={t.parts.list} className={css.rows}>
      <thead>
        <tr>
          <th scope="col" className={css.tick}>
            <input
              type="checkbox"
              aria-label={t.list.selectAll}
              disabled={able.length === 0}
              checked={allChosen}
              onChange={() => setChosen(new Set(allChosen ? [] : able))}
            />
          </th>
          <th scope="col">{t.list.task}</th>
          <th scope="col">{t.list.state}</th>
          <th scope="col" className={cx('num', css.wide)}>
            {t.list.attempts}
          </th>
          <th scope="col" className={cx('num', css.wide)}>
            {t.list.when}
          </th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ row: { task, left }, state }) => (
          <tr key={task.id} className={cx(left && css.gone)}>
            <td className={css.tick}>
              {!left && changeable(state) && (
                <input
                  type="checkbox"
                  aria-label={t.list.select(task.id)}
                  checked={chosen.has(task.id)}
                  onChange={() => toggle(task.id)}
                />
              )}
            </td>
            <th scope="row" className={css.what}>
              <button type="button" className={css.open} onClick={() => onOpen(task.id)}>
                <span className={css.title}>
                  <b>{task.type || t.list.task}</b> <code>{task.id}</code>
                </span>
                <span className={task.error ? css.error : css.gist}>{task.error || task.payload}</span>
              </button>
            </th>
            <td>
              <StateChip state={state} />
              <span className={css.narrow}>
                <When task={task} state={state} />
              </span>
            </td>
            <td className={cx('num', css.wide)}>
              {task.attempts > 0 ? t.list.of(f.int(task.attempts), f.int(task.max_attempts)) : '–'}
            </td>
            <td className={cx('num', css.wide)}>
              <When task={task} state={state} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
