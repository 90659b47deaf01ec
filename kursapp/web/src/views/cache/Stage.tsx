import type { UseQueryResult } from '@tanstack/react-query'
import type { Inspection } from '../../api/types.ts'
import { useFormat } from '../../i18n/format.ts'
import { useReducedMotion } from '../../lib/useMedia.ts'
import { useDatabaseName } from '../../live/present.ts'
import { useLive } from '../../live/store.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Actions } from './Actions.tsx'
import { Headline } from './Headline.tsx'
import css from './Stage.module.css'
import { StampedeGrid } from './StampedeGrid.tsx'
import { Stations } from './Stations.tsx'
import { useT } from './texts.ts'
import { slotsAfter } from './trace.ts'
import type { useActions } from './useActions.ts'
import { keyOf } from './useInspection.ts'
import { usePlayer } from './usePlayer.ts'
import { durationWords, stepWords } from './words.ts'

interface StageProps {
  user: number
  inspection: UseQueryResult<Inspection>
  actions: ReturnType<typeof useActions>
  onEdit(): void
  onRaw(): void
}

const noSteps: never[] = []

/** Where the last request went, told as a way between four stations. */
export function Stage({ user, inspection, actions, onEdit, onRaw }: StageProps) {
  const t = useT()
  const f = useFormat()
  const db = useDatabaseName()
  const still = useReducedMotion()
  const redisGone = useLive((l) => l.status?.redis.ok === false) || inspection.data?.redis === null
  const databaseGone = useLive((l) => l.status?.database.ok === false)
  const { result } = actions
  const trace = result?.trace
  const steps = trace?.steps ?? noSteps
  const player = usePlayer(result && trace ? result.id : undefined, steps)
  const took = durationWords(trace?.us, t, f)

  // While the story is told the boxes hold what they held then; afterwards what they hold now.
  const slots =
    result && trace && !player.done ? slotsAfter(result.before, steps.slice(0, player.at + 1)) : undefined

  return (
    <Card className={css.stage}>
      <div className={css.head}>
        <h2 className={css.key}>
          <code>{keyOf(user)}</code>
        </h2>
        <Button look="quiet" size="small" onClick={onRaw}>
          {t.raw.open}
        </Button>
      </div>
      <Actions actions={actions} onEdit={onEdit} redisGone={redisGone} />
      <Headline result={result} redisGone={redisGone} db={db} />
      <Stations
        steps={steps.slice(0, player.at + 1)}
        told={trace !== undefined}
        done={player.done}
        tone={trace?.tone}
        inspection={inspection.data}
        slots={slots}
        redisGone={redisGone}
        databaseGone={databaseGone}
        user={user}
      />
      {result?.stampede && <StampedeGrid result={result.stampede} />}
      {trace && (
        <div className={css.player}>
          <Button size="small" onClick={player.next}>
            {player.done ? t.step.again : t.step.next}
          </Button>
          <p className={css.caption}>
            <span className={css.count}>{t.step.of(f.int(player.at + 1), f.int(steps.length))}</span>
            <span>{stepWords(steps[player.at] ?? { at: 0, does: 'answer' }, trace, t, f, db)}</span>
          </p>
          <p className={css.slow}>
            {took ? t.step.slow(took) : t.step.slowUnknown}
            {result?.raw && `, ${t.step.measured(f.millis(result.raw.ms))}`}
          </p>
        </div>
      )}
      {trace && still && (
        <ol className={css.steps} aria-label={t.step.list}>
          {steps.map((s, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
            <li key={i} aria-current={i === player.at ? 'step' : undefined}>
              {stepWords(s, trace, t, f, db)}
            </li>
          ))}
        </ol>
      )}
    </Card>
  )
}
