import type { LogEvent, LogKind, MissReason } from '../api/types.ts'
import type { Tone } from '../ui/tone.ts'
import { texts } from './texts.ts'

// What the live log says, for the views that show it.
const de = {
  kind: {
    hit: 'HIT',
    miss: 'MISS',
    load: 'LOAD',
    fill: 'FILL',
    fill_refused: 'FILL abgelehnt',
    invalidate: 'INVALIDATE',
    unconfirmed: 'unbestätigt',
    breaker_opened: 'Redis verloren',
    breaker_closed: 'Redis zurück',
    local_ready: 'Speicher bereit',
    local_lost: 'Speicher geleert',
    stale: 'STALE',
    task_done: 'erledigt',
    task_failed: 'gescheitert',
    task_postponed: 'verschoben',
    task_dead: 'endgültig gescheitert',
    task_handed_back: 'zurückgegeben',
    task_reaped: 'Worker verloren',
    task_lost: 'weitergegeben',
    task_hanging: 'hängt',
  } satisfies Record<LogKind, string>,
  tier: { local: 'lokal', redis: 'Redis', database: 'Datenbank' },
  reason: {
    miss: 'nicht im Cache',
    bypass: 'umgangen',
    unavailable: 'Redis nicht erreichbar',
    undecodable: 'Eintrag unlesbar',
    stale: 'abgelaufen',
  } satisfies Record<MissReason, string>,
}

export const useEventTexts = texts(de, () => import('./events.en.ts'))
export type EventTexts = typeof de

/** Who answered, as the colour of an event; undefined for what nobody answered. */
export function toneOf(e: LogEvent): Tone | undefined {
  switch (e.kind) {
    case 'hit':
      return e.tier === 'local' ? 'local' : 'redis'
    case 'miss':
      return e.reason === 'bypass' ? 'bypass' : 'database'
    case 'load':
      return e.error ? 'error' : 'database'
    case 'stale':
      return 'stale'
    case 'fill_refused':
    case 'unconfirmed':
    case 'breaker_opened':
    case 'local_lost':
    case 'task_failed':
    case 'task_dead':
      return 'error'
    default:
      return undefined
  }
}

/** The glyph of what has no colour. */
export function markOf(e: LogEvent): string | undefined {
  switch (e.kind) {
    case 'fill':
      return '+'
    case 'invalidate':
      return '−'
    case 'fill_refused':
      return '⊘'
    case 'unconfirmed':
      return '?'
    case 'breaker_closed':
    case 'local_ready':
    case 'task_done':
      return '✓'
    default:
      return undefined
  }
}

/** What the event is about beside its key, in a few words. */
export function wordsOf(e: LogEvent, t: Pick<EventTexts, 'tier' | 'reason'>): string {
  // A page may be older than the server.
  if (e.reason) return t.reason[e.reason] ?? e.reason
  if (e.error) return e.error
  if (e.tier) return t.tier[e.tier]
  return ''
}
