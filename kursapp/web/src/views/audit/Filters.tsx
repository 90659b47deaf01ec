import { useEffect, useRef, useState } from 'react'
import { useUrlState } from '../../lib/urlState.ts'
import { useDebounced } from '../../lib/useDebounced.ts'
import { Button } from '../../ui/Button.tsx'
import { SelectField, TextField } from '../../ui/Field.tsx'
import css from './audit.module.css'
import { groupNames, kindsIn, kindsOf } from './kinds.ts'
import { useT } from './texts.ts'

/** What the log is narrowed to: it stands in the URL. */
export function Filters() {
  const t = useT()
  const [url, setUrl] = useUrlState()
  const user = url.get('benutzer') ?? ''
  const kind = kindsOf(url.get('art')) ? (url.get('art') ?? '') : ''
  return (
    <div className={css.filters}>
      <SelectField
        className={css.kind}
        label={t.kind}
        value={kind}
        onChange={(e) => setUrl({ art: e.target.value })}
      >
        <option value="">{t.all}</option>
        {groupNames.map((g) => (
          <optgroup key={g} label={t.groups[g]}>
            <option value={g}>{t.allOf(t.groups[g])}</option>
            {kindsIn(g).map((k) => (
              <option key={k} value={k}>
                {t.kinds[k]}
              </option>
            ))}
          </optgroup>
        ))}
      </SelectField>
      <UserField value={user} set={(value) => setUrl({ benutzer: value }, 'replace')} />
      {(user || kind) && (
        <Button look="quiet" onClick={() => setUrl({ benutzer: undefined, art: undefined })}>
          {t.clear}
        </Button>
      )}
    </div>
  )
}

function UserField({ value, set }: { value: string; set(value: string): void }) {
  const t = useT()
  const [text, setText] = useState(value)
  const settled = useDebounced(text, 400)
  const own = useRef<string>(undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed moves the URL
  useEffect(() => {
    if (settled === value) return
    own.current = settled
    set(settled)
  }, [settled])
  // A link or the back button moves the field; what was typed here has perhaps gone on since.
  useEffect(() => {
    if (own.current !== value) setText(value)
    own.current = undefined
  }, [value])
  return (
    <TextField
      className={css.user}
      label={t.user}
      inputMode="numeric"
      autoComplete="off"
      maxLength={15}
      placeholder={t.everybody}
      value={text}
      onChange={(e) => setText(e.target.value.replace(/\D/g, ''))}
    />
  )
}
