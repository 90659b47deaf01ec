import { useDatabaseName } from '../../live/present.ts'
import { Button } from '../../ui/Button.tsx'
import css from './Stage.module.css'
import { useT } from './texts.ts'
import type { Action, useActions } from './useActions.ts'

interface ActionsProps {
  actions: ReturnType<typeof useActions>
  onEdit(): void
  redisGone: boolean
}

/** What can be done with the user's entry. All of it can be done again, so nothing asks first. */
export function Actions({ actions, onEdit, redisGone }: ActionsProps) {
  const t = useT()
  const db = useDatabaseName()
  const { busy } = actions
  const button = (name: Exclude<Action, 'change' | 'read'>, hint: string, off = false) => (
    <Button
      busy={busy === name}
      disabled={off || (busy !== undefined && busy !== name)}
      title={hint.replace('PostgreSQL', db)}
      onClick={actions[name]}
    >
      {t.action[name]}
    </Button>
  )
  return (
    <div className={css.actions} role="group" aria-label={t.action.label}>
      <Button
        look="primary"
        busy={busy === 'read'}
        disabled={busy !== undefined && busy !== 'read'}
        title={t.action.readHint}
        onClick={actions.read}
      >
        {t.action.read}
      </Button>
      <Button disabled={busy !== undefined} onClick={onEdit}>
        {t.action.change}
      </Button>
      {button('bypass', t.action.bypassHint)}
      {button('invalidate', t.action.invalidateHint, redisGone)}
      {button('warm', t.action.warmHint, redisGone)}
      {button('stampede', t.action.stampedeHint)}
    </div>
  )
}
