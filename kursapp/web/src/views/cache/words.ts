import type { Format } from '../../i18n/format.ts'
import type { Texts } from '../../i18n/texts.ts'
import type { de } from './de.ts'
import type { Step, Trace } from './trace.ts'

type T = Texts<typeof de>

/** The one sentence above the stations, without the time. */
export function sentenceOf({ outcome }: Trace, t: T, db: string): string {
  switch (outcome.is) {
    case 'local':
      return outcome.absent ? t.sentence.absentLocal : t.sentence.local(db)
    case 'redis':
      return outcome.absent ? t.sentence.absentRedis(db) : t.sentence.redis(db)
    case 'database':
      return outcome.absent ? t.sentence.absentDatabase(db) : t.sentence[outcome.reason](db)
    case 'stale':
      return t.sentence.stale(db)
    case 'invalidated':
      return t.sentence.invalidatedNow
    case 'stampede':
      return ''
    case 'written':
    case 'warmed':
    case 'unclear':
      return t.sentence[outcome.is]
  }
}

/** One step in words. */
export function stepWords(step: Step, trace: Trace, t: T, f: Format, db: string): string {
  const local = step.at === 1
  switch (step.does) {
    case 'ask':
      if (trace.outcome.is === 'stampede') return t.step.askMany(f.int(trace.outcome.readers))
      return trace.outcome.is === 'written' ? t.step.askWrite : t.step.ask
    case 'absent':
      return local ? t.step.absentLocal : t.step.absentRedis
    case 'found':
      return local ? t.step.foundLocal : t.step.foundRedis
    case 'fill': {
      const ttl = step.ttl === undefined ? '…' : f.span(step.ttl)
      return local ? t.step.fillLocal(ttl) : t.step.fillRedis(ttl)
    }
    case 'drop':
      return local ? t.step.dropLocal : t.step.dropRedis
    case 'gone':
      return t.step.gone
    case 'answer':
      return trace.outcome.is === 'stampede' ? t.step.answerMany(f.int(trace.outcome.readers)) : t.step.answer
    case 'read':
      return trace.outcome.is === 'stampede' ? t.step.readOnce(db) : t.step.read(db)
    default:
      return t.step[step.does](db)
  }
}

/** What the server measured, as the sentence ends with it. Memory answers faster than it measures. */
export function durationWords(us: number | undefined, t: T, f: Format): string {
  if (us === undefined) return ''
  return us < 1 ? t.sentence.underOne : f.micros(us)
}
