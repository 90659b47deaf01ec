import { Chip } from '../../ui/Chip.tsx'
import type { ShownState } from './rows.ts'
import { useT } from './texts.ts'

const marks: Record<ShownState, string> = {
  waiting: '○',
  running: '▶',
  scheduled: '◷',
  retrying: '↻',
  dead: '✕',
  done: '✓',
  deleted: '−',
  left: '→',
}

/** The state of a task. Only what failed for good has a colour: the others are nobody's answer. */
export function StateChip({ state }: { state: ShownState }) {
  const t = useT()
  return (
    <Chip mark={marks[state]} {...(state === 'dead' && { tone: 'error' as const })}>
      {t.state[state]}
    </Chip>
  )
}
