import type { Tone } from '../../ui/tone.ts'
import type { CacheStatus, ServerTiming } from './headers.ts'
import type { MissReason } from './memory.ts'

/** The stations from left to right: the request, local memory, Redis, the database. */
export type Station = 0 | 1 | 2 | 3

/** What happens where the dot is. */
export type Does =
  | 'ask' // the request sets out
  | 'absent' // asked, and it is not there
  | 'found' // asked, and it answers
  | 'gone' // cannot be asked
  | 'read' // the database reads
  | 'joined' // waits for a read that somebody else asked for
  | 'write' // the database writes
  | 'failed' // asked, and it fails
  | 'fill' // remembers, on the way back
  | 'drop' // forgets
  | 'answer' // back where it came from

export interface Step {
  at: Station
  does: Does
  /** How long a remembered value lives, in milliseconds. */
  ttl?: number | undefined
}

export type Reason = MissReason | 'bypass' | 'unavailable' | 'collapsed'

/** What the one sentence says: each has a text of its own. */
export type Outcome =
  | { is: 'local' | 'redis'; absent: boolean }
  | { is: 'database'; reason: Reason; stored: boolean; absent: boolean }
  | { is: 'stale' }
  | { is: 'written' | 'invalidated' | 'warmed' }
  | { is: 'stampede'; readers: number }
  | { is: 'unclear' }

/** What became of one action: where it went and what it cost. */
export interface Trace {
  outcome: Outcome
  tone: Tone | undefined
  steps: Step[]
  /** What the server measured, in microseconds; undefined where it did not say. */
  us: number | undefined
}

interface ReadContext {
  status: CacheStatus | undefined
  timing: ServerTiming | undefined
  /** The request asked to bypass the cache. */
  bypassed: boolean
  /** Why nothing was there, if nothing was. */
  why: MissReason
  /** The server keeps values in its own memory now. */
  local: boolean
  /** The user does not exist: 404. */
  absent: boolean
}

const entryTtl = 60_000
const absenceTtl = 10_000

/** The way of a read, from what its answer says about itself. */
export function readTrace(c: ReadContext): Trace {
  const us = c.timing && c.timing.cache + (c.timing.database ?? 0)
  const { status } = c
  if (!status?.tier)
    return { outcome: { is: 'unclear' }, tone: undefined, steps: [go(0, 'ask'), go(0, 'answer')], us }
  const left = status.ttl === undefined ? undefined : status.ttl * 1000
  const missedLocal: Step[] = c.local ? [go(1, 'absent')] : []
  if (status.hit && status.tier === 'local') {
    const steps = [go(0, 'ask'), go(1, 'found'), go(0, 'answer')]
    return { outcome: { is: 'local', absent: c.absent }, tone: 'local', steps, us }
  }
  if (status.hit) {
    const kept: Step[] = c.local ? [{ at: 1, does: 'fill', ttl: left }] : []
    const steps = [go(0, 'ask'), ...missedLocal, go(2, 'found'), ...kept, go(0, 'answer')]
    return { outcome: { is: 'redis', absent: c.absent }, tone: 'redis', steps, us }
  }
  if (status.tier === 'redis') {
    const steps = [
      go(0, 'ask'),
      ...missedLocal,
      go(2, 'absent'),
      go(3, 'failed'),
      go(2, 'found'),
      go(0, 'answer'),
    ]
    return { outcome: { is: 'stale' }, tone: 'stale', steps, us }
  }
  return missed(c, status, us)
}

function missed(c: ReadContext, status: CacheStatus, us: number | undefined): Trace {
  const reason: Reason = c.bypassed
    ? 'bypass'
    : status.forward === 'bypass'
      ? 'unavailable'
      : status.collapsed
        ? 'collapsed'
        : status.forward === 'stale'
          ? 'expired'
          : c.why
  const out: Step[] =
    reason === 'bypass'
      ? []
      : reason === 'unavailable'
        ? [go(2, 'gone')]
        : [...(c.local ? [go(1, 'absent')] : []), go(2, 'absent')]
  const ttl = c.absent ? absenceTtl : entryTtl
  const stored: Step[] = status.stored ? [{ at: 2, does: 'fill', ttl }] : []
  return {
    outcome: { is: 'database', reason, stored: status.stored, absent: c.absent },
    tone: reason === 'bypass' ? 'bypass' : 'database',
    steps: [go(0, 'ask'), ...out, go(3, status.collapsed ? 'joined' : 'read'), ...stored, go(0, 'answer')],
    us,
  }
}

const go = (at: Station, does: Does): Step => ({ at, does })

export const writeTrace = (us?: number): Trace => ({
  outcome: { is: 'written' },
  tone: undefined,
  steps: [go(0, 'ask'), go(3, 'write'), go(2, 'drop'), go(1, 'drop'), go(0, 'answer')],
  us,
})

export const invalidationTrace = (): Trace => ({
  outcome: { is: 'invalidated' },
  tone: undefined,
  steps: [go(0, 'ask'), go(2, 'drop'), go(1, 'drop'), go(0, 'answer')],
  us: undefined,
})

export const warmingTrace = (): Trace => ({
  outcome: { is: 'warmed' },
  tone: undefined,
  steps: [go(0, 'ask'), go(3, 'read'), { at: 2, does: 'fill', ttl: entryTtl }, go(0, 'answer')],
  us: undefined,
})

/** The way of the one request that went on when many came at once. */
export const stampedeTrace = (readers: number, local: boolean, redis: boolean): Trace => ({
  outcome: { is: 'stampede', readers },
  tone: 'database',
  steps: redis
    ? [
        go(0, 'ask'),
        ...(local ? [go(1, 'absent')] : []),
        go(2, 'absent'),
        go(3, 'read'),
        { at: 2, does: 'fill', ttl: entryTtl },
        go(0, 'answer'),
      ]
    : [go(0, 'ask'), go(2, 'gone'), go(3, 'read'), go(0, 'answer')],
  us: undefined,
})

/** What the boxes hold after the first steps, from what they held before. */
export function slotsAfter(before: { local: boolean; redis: boolean }, steps: readonly Step[]) {
  const slots = { ...before }
  for (const { at, does } of steps) {
    const box = at === 1 ? 'local' : at === 2 ? 'redis' : undefined
    if (!box) continue
    if (does === 'fill' || does === 'found') slots[box] = true
    if (does === 'drop' || does === 'absent') slots[box] = false
  }
  return slots
}
