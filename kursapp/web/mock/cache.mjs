import { problem, sleep } from './http.mjs'
import { count, happened, inMemory, inRedis, latencies, now, scenario, took, ttl, users } from './world.mjs'

const keyOf = (id) => `cache:user:${id}`
const alive = (store, key) => {
  const e = store.get(key)
  if (e && e.endsAt > now()) return e
  store.delete(key)
  return undefined
}

/** Reads a user as the cache does. `fresh` bypasses. */
export function readUser(id, fresh = false) {
  const key = keyOf(id)
  const user = users.get(id)
  const raw = user ? JSON.stringify({ id: user.id, name: user.name, email: user.email }) : 'null'
  if (!fresh && scenario.redis) {
    const local = alive(inMemory, key)
    if (local) return answer('local', took(0.8), 0, `hit; ttl=${left(local)}; detail=local`, local.raw, key)
    const redis = alive(inRedis, key)
    if (redis) {
      inMemory.set(key, redis)
      return answer('redis', took(420), 0, `hit; ttl=${left(redis)}; detail=redis`, redis.raw, key)
    }
  }
  const load = took(2600)
  const why = fresh ? 'bypass' : scenario.redis ? 'miss' : 'bypass'
  const reason = fresh ? 'bypass' : scenario.redis ? 'miss' : 'unavailable'
  happened('miss', key, '', reason, took(300))
  happened('load', key, 'database', '', load)
  count('loads')
  if (scenario.redis) {
    inRedis.set(key, { raw, endsAt: now() + (user ? ttl : 10_000) })
    inMemory.delete(key)
    happened('fill', key, 'redis', '', took(200))
    count('fills')
  }
  const stored = scenario.redis ? '; stored' : ''
  return answer('database', took(500), load, `fwd=${why}${stored}; detail=database`, raw, key)
}

const left = (e) => Math.floor((e.endsAt - now()) / 1000)

function answer(tier, cacheUs, dbUs, status, raw, key) {
  if (tier !== 'database') happened('hit', key, tier, '', cacheUs)
  count(`reads.${tier}`)
  latencies[tier].push(cacheUs + dbUs)
  const timing = `cache;dur=${cacheUs / 1000}${dbUs ? `, db;dur=${dbUs / 1000}` : ''}`
  return {
    tier,
    raw,
    headers: { 'Cache-Status': `kursapp; ${status}`, 'Server-Timing': timing },
    us: cacheUs + dbUs,
  }
}

export function invalidate(id) {
  const key = keyOf(id)
  if (!scenario.redis) {
    happened('unconfirmed', key)
    count('unconfirmed')
    return
  }
  inRedis.delete(key)
  inMemory.delete(key)
  happened('invalidate', key, '', '', took(250))
  count('invalidated')
}

export function routes(on) {
  on('GET', '/cache/users/:id', (x) => {
    const key = keyOf(x.id)
    const local = alive(inMemory, key)
    const redis = alive(inRedis, key)
    x.json(200, {
      key,
      now: now(),
      local: {
        enabled: true,
        ready: scenario.redis,
        present: scenario.redis && !!local,
        absent: scenario.redis && local?.raw === 'null',
        ttl_ms: local && scenario.redis ? local.endsAt - now() : 0,
      },
      redis: scenario.redis
        ? {
            present: !!redis,
            raw: redis?.raw ?? '',
            ttl_ms: redis ? redis.endsAt - now() : 0,
            absent: redis?.raw === 'null',
            reason: redis ? 'none' : 'miss',
            loading: false,
            bytes: redis ? redis.raw.length : 0,
          }
        : null,
    })
  })
  on('POST', '/cache/users/:id/invalidation', (x) => {
    if (!scenario.redis) return problem(x, 503, 'unavailable')
    invalidate(x.id)
    x.json(200, { message: x.say('Cache-Eintrag entfernt', 'Cache entry removed') })
  })
  on('POST', '/cache/users/:id/warming', (x) => {
    if (!scenario.redis) return problem(x, 503, 'unavailable')
    invalidate(x.id)
    readUser(x.id, true)
    x.json(200, { message: x.say('Cache-Eintrag erneuert', 'Cache entry renewed') })
  })
  on('POST', '/cache/users/:id/stampede', async (x) => {
    const readers = x.body?.readers ?? 100
    invalidate(x.id)
    const r = readUser(x.id)
    count('collapsed', readers - 1)
    count('reads.database', readers - 1)
    await sleep(r.us / 1000)
    x.json(200, {
      readers,
      loads: scenario.redis ? 1 : 1,
      collapsed: readers - 1,
      from_redis: 0,
      from_local: 0,
      errors: 0,
      duration_us: r.us + 900,
    })
  })
}
