import { Copy } from 'lucide-react'
import { useShared } from '../i18n/shared.ts'
import { Button } from './Button.tsx'
import { toast } from './toasts.ts'

/** Copies a text. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  const t = useShared()
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => toast.done(t.common.copied),
      () => toast.failed(t.common.copyFailed),
    )
  return (
    <Button look="quiet" size="small" icon={<Copy />} aria-label={label ?? t.common.copy} onClick={copy} />
  )
}
