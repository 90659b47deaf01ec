import type { EventTexts } from './events.ts'

const en: EventTexts = {
  kind: {
    hit: 'HIT',
    miss: 'MISS',
    load: 'LOAD',
    fill: 'FILL',
    fill_refused: 'FILL refused',
    invalidate: 'INVALIDATE',
    unconfirmed: 'unconfirmed',
    breaker_opened: 'Redis lost',
    breaker_closed: 'Redis back',
    local_ready: 'memory ready',
    local_lost: 'memory dropped',
    stale: 'STALE',
    task_done: 'done',
    task_failed: 'failed',
    task_dead: 'dead',
  },
  tier: { local: 'local', redis: 'Redis', database: 'database' },
  reason: {
    miss: 'not in the cache',
    expired: 'expired',
    bypass: 'bypassed',
    unavailable: 'Redis unreachable',
    undecodable: 'entry unreadable',
    stale: 'expired',
  },
}

export default en
