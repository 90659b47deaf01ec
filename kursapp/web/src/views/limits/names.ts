import type { LimitRule } from '../../api/types.ts'
import type { Format } from '../../i18n/format.ts'
import type { LimitTexts } from './texts.ts'

/** What a rule guards, in the person's language where it is known. */
export function guardsOf(rule: LimitRule, t: LimitTexts): string {
  return (t.guards as Partial<Record<string, string>>)[rule.name] ?? rule.guards
}

// Rules of which somebody who guesses would like to be rid.
const secrets = /^(login|confirm|reset)[-_]/

export const guardsSecrets = (rule: LimitRule) => secrets.test(rule.name)

/** A window as people say it: 60 s and 10 min. 1 min 00 s is for what runs down. */
export const windowText = (ms: number, f: Format): string =>
  ms === 60_000 ? '60 s' : f.span(ms).replace(/ 00 (s|min)$/, '')
