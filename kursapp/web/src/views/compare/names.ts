import type { Format } from '../../i18n/format.ts'
import { type Measured, rounded, speedups, type Way } from './model.ts'
import type { CompareTexts } from './texts.ts'

/** What a way is called. */
export function nameOf(way: Way, t: CompareTexts): string {
  if (way.via === 'past') return t.pastCache
  if (way.via === 'cache') return t.viaCache
  return t.way[way.tier]
}

/** The measurement in one sentence: „Redis war hier 8-mal schneller (n = 1.000 je Weg)“. */
export function sentenceOf(m: Measured, t: CompareTexts, f: Format): string {
  const parts = speedups(m.ways).map(({ way, factor }, i) => {
    const who = way.via === 'cache' ? t.viaCacheSubject : t.subject[way.tier]
    if (factor > 0.95 && factor < 1.05) return t.same(who)
    if (factor < 1) return `${t.slower(who, f.num(rounded(1 / factor)))} ${t.than}`
    const said = f.num(rounded(factor))
    return i === 0 ? `${t.faster(who, said)} ${t.than}` : t.alsoFaster(who, said)
  })
  if (parts.length === 0) return t.nothing
  const text = f.list(parts)
  const n = Math.min(...m.ways.map((w) => w.n))
  return `${text.charAt(0).toUpperCase()}${text.slice(1)} (${t.n(f.int(n))})`
}
