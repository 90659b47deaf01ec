import { useRefreshMe } from '../../api/me.ts'
import { useShared } from '../../i18n/shared.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Empty } from '../../ui/States.tsx'
import css from './login.module.css'
import { useT } from './texts.ts'
import { useAgain } from './useAgain.ts'

/** Redis is gone: nobody knows who is logged in, which is not the same as that nobody is. */
export function Unsure() {
  const t = useT()
  const shared = useShared()
  const refresh = useRefreshMe()
  useAgain(refresh, 3000)
  return (
    <Card className={css.unsure}>
      <Empty
        title={t.unknown.title}
        hint={t.unknown.hint}
        action={
          <Button size="small" onClick={refresh}>
            {shared.state.retry}
          </Button>
        }
      />
    </Card>
  )
}
