import { useMe } from '../../api/me.ts'
import { useFormat } from '../../i18n/format.ts'
import { Code } from '../../ui/Code.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { Empty } from '../../ui/States.tsx'
import css from './RawDialog.module.css'
import { useT } from './texts.ts'
import type { Raw, Result } from './useActions.ts'
import { keyOf } from './useInspection.ts'

interface RawProps {
  user: number
  open: boolean
  onClose(): void
  result: Result | undefined
}

const shownHeaders = ['Cache-Status', 'Server-Timing', 'ETag', 'Cache-Control', 'X-Request-Id']

/** For operators: the headers as they came, and how to ask the same from a shell. */
export function RawDialog({ user, open, onClose, result }: RawProps) {
  const t = useT()
  const f = useFormat()
  const { data: me } = useMe()
  const raw = result?.raw
  const reason =
    result?.trace?.outcome.is === 'database'
      ? t.reason[result.trace.outcome.reason]
      : result?.trace
        ? t.raw.hit
        : ''
  return (
    <Dialog open={open} onClose={onClose} from="side" title={t.raw.title} hint={<code>{keyOf(user)}</code>}>
      {raw ? (
        <div className={css.parts}>
          <dl className={css.list}>
            <dt>{t.raw.status}</dt>
            <dd>
              <code>
                {raw.method} {raw.path} → {raw.status}
              </code>
            </dd>
            {shownHeaders
              .filter((name) => raw.headers.has(name) || name === 'Cache-Status' || name === 'Server-Timing')
              .map((name) => (
                <Pair key={name} name={name} value={raw.headers.get(name) ?? t.raw.noHeader} />
              ))}
            {raw.method === 'GET' && reason && (
              <>
                <dt>{t.raw.reason}</dt>
                <dd>{reason}</dd>
              </>
            )}
            <dt>{t.raw.browser}</dt>
            <dd>{f.millis(raw.ms)}</dd>
          </dl>
          <section>
            <h3 className={css.title}>{t.raw.body}</h3>
            <Code label={t.raw.body} text={raw.body} />
          </section>
          <section>
            <h3 className={css.title}>{t.raw.curl}</h3>
            <Code label={t.raw.curl} text={curlOf(raw, me?.mode === 'production')} />
          </section>
        </div>
      ) : (
        <Empty title={t.raw.none} hint={t.raw.noneHint} />
      )}
      <section>
        <h3 className={css.title}>{t.raw.redis}</h3>
        <Code label={t.raw.redis} text={`redis-cli GET ${keyOf(user)}\nredis-cli TTL ${keyOf(user)}`} />
      </section>
    </Dialog>
  )
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </>
  )
}

function curlOf(raw: Raw, production: boolean): string {
  const words = ['curl -i']
  if (raw.method !== 'GET') words.push(`-X ${raw.method}`)
  if (raw.bypass) words.push("-H 'Cache-Control: no-cache'")
  if (production) words.push("-H 'Authorization: Bearer …'")
  words.push(window.location.origin + raw.path)
  return words.join(' ')
}
