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
    task_postponed: 'postponed',
    task_dead: 'dead',
    task_handed_back: 'handed back',
    task_reaped: 'worker lost',
    task_lost: 'passed on',
    task_hanging: 'hangs',
  },
  tier: { local: 'local', redis: 'Redis', database: 'database' },
  reason: {
    miss: 'not in the cache',
    bypass: 'bypassed',
    unavailable: 'Redis unreachable',
    undecodable: 'entry unreadable',
    stale: 'expired',
  },
}

export default en
