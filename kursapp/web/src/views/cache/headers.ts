import type { Tier } from '../../api/types.ts'

/** What Cache-Status (RFC 9211) says about an answer. */
export interface CacheStatus {
  hit: boolean
  /** Why it was no hit: miss, stale or bypass. */
  forward: string
  /** What is left of the entry, in seconds; undefined where that is not said. */
  ttl: number | undefined
  stored: boolean
  collapsed: boolean
  tier: Tier | undefined
}

export function parseCacheStatus(header: string | null): CacheStatus | undefined {
  if (!header) return undefined
  const params = new Map<string, string>()
  // The first member is the name of the cache.
  for (const part of header.split(';').slice(1)) {
    const [name, value] = part.trim().split('=')
    if (name) params.set(name, value ?? '')
  }
  const detail = params.get('detail')
  const ttl = params.get('ttl')
  return {
    hit: params.has('hit'),
    forward: params.get('fwd') ?? '',
    ttl: ttl === undefined ? undefined : Number(ttl),
    stored: params.has('stored'),
    collapsed: params.has('collapsed'),
    tier: detail === 'local' || detail === 'redis' || detail === 'database' ? detail : undefined,
  }
}

/** How long cache and database took, in microseconds. A database that was not asked took undefined. */
export interface ServerTiming {
  cache: number
  database: number | undefined
}

export function parseServerTiming(header: string | null): ServerTiming | undefined {
  if (!header) return undefined
  const micros = (name: string) => {
    const found = new RegExp(`(?:^|,)\\s*${name};dur=([\\d.]+)`).exec(header)
    return found ? Number(found[1]) * 1000 : undefined
  }
  const cache = micros('cache')
  return cache === undefined ? undefined : { cache, database: micros('db') }
}
