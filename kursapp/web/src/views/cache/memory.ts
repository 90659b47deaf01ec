import type { Inspection, LogEvent } from '../../api/types.ts'

/** Why an entry was not there. The header only says that it was not. */
export type MissReason = 'cold' | 'expired' | 'invalidated'

interface Known {
  storedAt: number | undefined
  invalidatedAt: number | undefined
}

/** What the page has seen of keys: enough to say why a read found nothing. */
export function createMemory() {
  const keys = new Map<string, Known>()
  let lastSeq = -1
  const of = (key: string): Known => {
    let known = keys.get(key)
    if (!known) {
      known = { storedAt: undefined, invalidatedAt: undefined }
      keys.set(key, known)
    }
    return known
  }
  const later = (a: number | undefined, b: number) => (a === undefined || b > a ? b : a)
  const stored = (key: string, at: number) => {
    of(key).storedAt = later(of(key).storedAt, at)
  }
  const invalidated = (key: string, at: number) => {
    of(key).invalidatedAt = later(of(key).invalidatedAt, at)
  }
  return {
    stored,
    invalidated,
    /** Takes note of the events that it has not seen yet. */
    see(events: readonly LogEvent[]) {
      for (const e of events) {
        if (e.seq <= lastSeq) continue
        lastSeq = e.seq
        if (e.kind === 'fill' || e.kind === 'hit') stored(e.key, e.t)
        else if (e.kind === 'invalidate') invalidated(e.key, e.t)
      }
    },
    looked(i: Inspection) {
      if (i.redis?.present || i.local.present) stored(i.key, i.now)
    },
    whyMissed(key: string): MissReason {
      const known = keys.get(key)
      if (known?.invalidatedAt !== undefined && known.invalidatedAt >= (known.storedAt ?? 0))
        return 'invalidated'
      return known?.storedAt === undefined ? 'cold' : 'expired'
    },
  }
}

/** One for the page, so that it is not forgotten when somebody looks at another view. */
export const memory = createMemory()
