import type { PartStatus } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { useShared } from '../../i18n/shared.ts'
import { cx } from '../../lib/cx.ts'
import { useDatabaseName, usePresent } from '../../live/present.ts'
import { useLive } from '../../live/store.ts'
import css from './overview.module.css'
import { useT } from './texts.ts'

interface PartProps {
  name: string
  /** null: nobody knows. */
  ok: boolean | null
  word: string
  detail: string
}

function Part({ name, ok, word, detail }: PartProps) {
  return (
    <li className={css.part}>
      <span className={cx(css.mark, ok === true && css.good, ok === false && css.wrong)} aria-hidden="true">
        {ok === true ? '✓' : ok === false ? '✕' : '?'}
      </span>
      <span className={css.partText}>
        <span className={css.partName}>
          {name} <span className={ok === false ? css.bad : 'muted'}>{word}</span>
        </span>
        <span className={css.partDetail}>{detail}</span>
      </span>
    </li>
  )
}

/** Health of what kursapp stands on, and of itself. */
export function Parts() {
  const t = useT()
  const shared = useShared()
  const f = useFormat()
  const { known, since } = usePresent()
  const status = useLive((l) => l.status)
  const db = useDatabaseName()

  const unknown = {
    ok: null,
    word: since ? '' : '…',
    detail: since ? shared.state.unknownSince(f.clock(since)) : '',
  }
  const server = (name: string, part: PartStatus | undefined) => {
    if (!known || !part || part.ok === null) return { name, ...unknown }
    const detail =
      part.ok && part.ping_us ? t.parts.ping(f.micros(part.ping_us)) : t.parts.since(f.clock(part.since))
    return { name, ok: part.ok, word: part.ok ? t.parts.ok : t.parts.bad, detail }
  }
  const worker = () => {
    const w = status?.worker
    if (!known || !w) return { name: t.parts.worker, ...unknown }
    if (w.ok === null)
      return {
        name: t.parts.worker,
        ok: null,
        word: t.parts.unknown,
        detail: t.parts.since(f.clock(w.since)),
      }
    return {
      name: t.parts.worker,
      ok: w.ok,
      word: w.ok ? t.parts.runs : t.parts.none,
      detail: w.ok ? t.parts.workers(f.int(w.workers), w.workers === 1) : t.parts.since(f.clock(w.since)),
    }
  }
  const instance = () => {
    if (!known || !status) return { name: t.parts.instance, ...unknown }
    return {
      name: t.parts.instance,
      ok: true,
      word: t.parts.runs,
      detail: t.parts.uptime(f.span(status.instance.uptime_ms)),
    }
  }
  return (
    <ul className={css.parts} aria-label={t.parts.label}>
      <Part {...server(db, status?.database)} />
      <Part {...server(t.parts.redis, status?.redis)} />
      <Part {...worker()} />
      <Part {...instance()} />
    </ul>
  )
}
