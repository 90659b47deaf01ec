import type { User } from '../../api/types.ts'

/** Remembers which page came before which: a cursor leads forwards alone. */
export function createTrail() {
  const before = new Map<string, string>()
  return {
    step: (from: string, to: string) => before.set(to, from),
    /** The cursor of the page before; undefined where one came by a link. */
    before: (cursor: string) => before.get(cursor),
  }
}

/** A text in parts, those that match marked. */
export function parts(text: string, q: string): { text: string; match: boolean; at: number }[] {
  const wanted = q.trim().toLowerCase()
  const lower = text.toLowerCase()
  // Some letters are longer in lower case; then positions say nothing.
  if (!wanted || lower.length !== text.length) return [{ text, match: false, at: 0 }]
  const found: { text: string; match: boolean; at: number }[] = []
  let at = 0
  for (let hit = lower.indexOf(wanted); hit >= 0; hit = lower.indexOf(wanted, at)) {
    if (hit > at) found.push({ text: text.slice(at, hit), match: false, at })
    found.push({ text: text.slice(hit, hit + wanted.length), match: true, at: hit })
    at = hit + wanted.length
  }
  if (at < text.length) found.push({ text: text.slice(at), match: false, at })
  return found
}

/** The id that a URL names; undefined for none and for what is no id. */
export function idOf(text: string | null): number | undefined {
  const id = Number(text)
  return text && Number.isSafeInteger(id) && id > 0 ? id : undefined
}

export const same = (a: Pick<User, 'name' | 'email'>, b: Pick<User, 'name' | 'email'>) =>
  a.name === b.name && a.email === b.email
