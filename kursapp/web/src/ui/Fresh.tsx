import { useFormat } from '../i18n/format.ts'
import { useShared } from '../i18n/shared.ts'
import { Button } from './Button.tsx'

/** Shows what has come while somebody read. */
export function Fresh({ n, onShow }: { n: number; onShow(): void }) {
  const t = useShared()
  const f = useFormat()
  if (n === 0) return null
  return (
    <Button size="small" onClick={onShow}>
      {t.live.fresh(f.int(n), n === 1)}
    </Button>
  )
}
