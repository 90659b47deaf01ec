import { useFormat } from '../../i18n/format.ts'
import { useShared } from '../../i18n/shared.ts'
import { Chip } from '../../ui/Chip.tsx'
import type { Source } from './answer.ts'
import { useT } from './texts.ts'

/** Who answered, and how long it took. */
export function SourceChip({ source, invalidated }: { source: Source; invalidated?: boolean }) {
  const t = useT()
  const shared = useShared()
  const f = useFormat()
  // The server counts whole microseconds and rounds down.
  const time = (us: number) => (us < 1 ? '< 1 µs' : f.micros(us))
  const why = source.expired
    ? t.read.reason.expired
    : invalidated && source.by === 'database'
      ? t.read.reason.invalidated
      : undefined
  return (
    <Chip tone={source.by} reason={why ?? (source.us !== undefined && time(source.us))}>
      {shared.chip[source.by]}
    </Chip>
  )
}
