import type { Format } from '../../i18n/format.ts'
import { type Measured, rounded, speedups, type Way } from './model.ts'
import type { CompareTexts } from './texts.ts'

/** What a way is called. */
export function nameOf(way: Way, t: CompareTexts): string {
  if (way.via === 'past') return t.pastCache
  if (way.via === 'cache') return t.viaCache
  return t.way[way.tier]
}

type Verdict = 'faster' | 'slower' | 'same'

const verdictOf = (factor: number): Verdict =>
  factor > 0.95 && factor < 1.05 ? 'same' : factor > 1 ? 'faster' : 'slower'

/** The measurement in one sentence: „Redis war hier 8-mal schneller (n = 1.000 je Weg)“. */
export function sentenceOf(m: Measured, t: CompareTexts, f: Format): string {
  let before: Verdict | undefined
  const parts = speedups(m.ways).map(({ way, factor }) => {
    const who = way.via === 'cache' ? t.viaCacheSubject : t.subject[way.tier]
    const verdict = verdictOf(factor)
    const said = f.num(rounded(verdict === 'slower' ? 1 / factor : factor))
    // What is said already need not be said again, but only if it is the same.
    const again = before === verdict
    const first = before === undefined
    before = verdict
    if (verdict === 'same') return first ? t.same(who) : t.alsoSame(who)
    if (again) return t.also(who, said)
    const whole = verdict === 'faster' ? t.faster : t.slower
    return first
      ? `${whole(who, said)} ${t.than}`
      : (verdict === 'faster' ? t.alsoFaster : t.alsoSlower)(who, said)
  })
  if (parts.length === 0) return t.nothing
  const text = f.list(parts)
  const n = Math.min(...m.ways.map((w) => w.n))
  return `${text.charAt(0).toUpperCase()}${text.slice(1)} (${t.n(f.int(n))})`
}
