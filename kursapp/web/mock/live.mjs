import { readUser } from './cache.mjs'
import { allQueues } from './queues.mjs'
import {
  counts,
  events,
  fresh,
  happened,
  inMemory,
  iso,
  latencies,
  now,
  scenario,
  startedAt,
  took,
} from './world.mjs'

const none = { n: 0, p50_us: null, p99_us: null }
const samples = []
const streams = new Set()

const percentile = (list, p) => list[Math.min(list.length - 1, Math.floor(list.length * p))]
function latencyOf(list) {
  if (list.length === 0) return null
  list.sort((a, b) => a - b)
  return { n: list.length, p50_us: percentile(list, 0.5), p99_us: percentile(list, 0.99) }
}

// Past that never was, so that charts have something to show from the start.
function invented(t, i) {
  const wave = (period, phase = 0) => 0.5 + 0.5 * Math.sin(i / period + phase)
  const many = Math.round(scenario.traffic * (30 + 26 * wave(50) + 8 * Math.random()))
  const redisGone = i > 520 && i < 545
  const local = redisGone ? 0 : Math.round(many * 0.72)
  const redis = redisGone ? 0 : Math.round(many * 0.2)
  return sample(
    t,
    {
      'reads.local': local,
      'reads.redis': redis,
      'reads.database': many - local - redis,
      loads: many - local - redis,
      fills: redisGone ? 0 : many - local - redis,
      invalidated: Math.random() < 0.3 ? 1 : 0,
      fills_refused: Math.random() < 0.02 ? 1 : 0,
    },
    {
      local: local ? [took(0.8), took(0.9), took(1.4)] : [],
      redis: redis ? [took(380), took(420), took(900)] : [],
      database: many - local - redis ? [took(2300), took(2600), took(5200)] : [],
    },
    redisGone,
  )
}

function sample(t, c, l, redisGone = !scenario.redis) {
  const reads = {}
  for (const who of ['local', 'redis', 'database', 'stale', 'error']) reads[who] = c[`reads.${who}`] ?? 0
  const all = Object.values(reads).reduce((a, b) => a + b, 0)
  const part = (names) => Object.fromEntries(names.map((n) => [n, c[n] ?? 0]))
  return {
    t,
    reads,
    latency: { local: latencyOf(l.local), redis: latencyOf(l.redis), database: latencyOf(l.database) },
    cache: part([
      'loads',
      'load_errors',
      'fills',
      'fills_refused',
      'invalidated',
      'unconfirmed',
      'collapsed',
      'evictions',
    ]),
    local: { ready: !redisGone, entries: redisGone ? 0 : Math.max(inMemory.size, 42), bytes: 61_440 },
    breaker_open: redisGone,
    http: all ? { n: all, p50_us: took(180), p99_us: took(3100), errors: 0 } : { ...none, errors: 0 },
    sessions: {
      created: 0,
      lookups_local: Math.round(all / 9),
      lookups_redis: Math.round(all / 40),
      ended: 0,
    },
    limits: {
      admitted: c['limits.admitted'] ?? 0,
      denied: c['limits.denied'] ?? 0,
      remembered: 0,
      without_redis: 0,
    },
    queues: redisGone ? null : allQueues(),
    outbox: { waiting: redisGone ? 3 : 0 },
    heap_bytes: 48_000_000 + Math.round(Math.random() * 4_000_000),
    goroutines: 41,
  }
}

let redisSince = startedAt
let databaseSince = startedAt
let was = { redis: true, database: true }

function status() {
  const redis = scenario.redis
  if (was.redis !== redis) redisSince = now()
  if (was.database !== scenario.database) databaseSince = now()
  was = { redis, database: scenario.database }
  return {
    t: now(),
    database: {
      ok: scenario.database,
      since: databaseSince,
      ping_us: scenario.database ? took(310) : 0,
      error: scenario.database ? '' : 'connection refused',
    },
    redis: {
      ok: redis,
      since: redisSince,
      ping_us: redis ? took(90) : 0,
      error: redis ? '' : 'connection refused',
    },
    worker: redis ? { ok: true, since: startedAt, workers: 1 } : { ok: null, since: redisSince, workers: 0 },
    instance: { uptime_ms: now() - startedAt, version: 'v0.9.0-14-g2d56e8c' },
    features: [
      { name: 'cache', state: !scenario.database ? 'down' : redis ? 'ok' : 'degraded' },
      { name: 'sessions', state: redis ? 'ok' : 'down' },
      { name: 'limits', state: redis ? 'ok' : 'degraded' },
      { name: 'tasks', state: redis ? 'ok' : 'down' },
    ],
  }
}

const put = (res, event, data, id) =>
  res.write(`event: ${event}\n${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`)
const tellAll = (event, data) => {
  for (const res of streams) put(res, event, data)
}

export function startLive() {
  for (let i = 0; i < 900 && !scenario.empty; i++) samples.push(invented(now() - (900 - i) * 1000, i))
  setInterval(() => {
    if (scenario.frozen) return
    // Others use the application too.
    const reads = scenario.empty ? 0 : Math.round(scenario.traffic * (2 + Math.random() * 4))
    for (let i = 0; i < reads; i++) readUser(2 + Math.floor(Math.random() ** 2 * 30))
    const s = sample(now(), counts, latencies)
    for (const name of Object.keys(counts)) delete counts[name]
    for (const list of Object.values(latencies)) list.length = 0
    samples.push(s)
    if (samples.length > 900) samples.shift()
    tellAll('sample', s)
  }, 1000)
  setInterval(() => {
    for (let i = 0; i < scenario.flood / 4; i++) readUser(2 + Math.floor(Math.random() * 60))
    if (scenario.frozen || fresh.length === 0) return
    const all = fresh.splice(0)
    tellAll('events', { events: all.slice(0, 50), left_out: Math.max(0, all.length - 50) })
  }, 250)
  let last = JSON.stringify([true, true])
  let beats = 0
  setInterval(() => {
    const is = JSON.stringify([scenario.redis, scenario.database])
    beats += 1
    if (is === last && beats % 20 !== 0) return
    if (is !== last) {
      happened(scenario.redis ? 'breaker_closed' : 'breaker_opened', 'cache:user:')
      happened(scenario.redis ? 'local_ready' : 'local_lost', 'cache:user:')
    }
    last = is
    if (!scenario.frozen) tellAll('status', status())
  }, 250)
}

export function routes(on) {
  on('GET', '/web/live', (x) => {
    x.res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    })
    put(x.res, 'hello', {
      now: now(),
      started_at: startedAt,
      version: 'v0.9.0-14-g2d56e8c',
      mode: scenario.mode,
      interval_ms: 1000,
      samples,
      events,
      status: status(),
      about: { database: 'PostgreSQL 17.2', redis: '7.4.1', cpus: 2, go: '1.26' },
    })
    streams.add(x.res)
    x.res.on('close', () => streams.delete(x.res))
  })
  on('GET', '/web/me', (x) => {
    const user = x.user()
    x.json(200, {
      mode: scenario.mode,
      version: 'v0.9.0-14-g2d56e8c',
      now: iso(now()),
      user: user ? { id: user.id, name: user.name, email: user.email, role: user.role } : null,
      session: user
        ? {
            id: 'c1',
            began_at: iso(x.session.began),
            idle_ends_at: iso(now() + 30 * 60_000),
            ends_at: iso(x.session.began + 86_400_000),
          }
        : null,
      session_unknown: !scenario.redis && x.hasCookie,
      may: {
        operate: scenario.mode === 'demo' || user?.role === 'admin',
        administer: user?.role === 'admin',
      },
    })
  })
  on('GET', '/__mock/streams', (x) => x.json(200, { open: streams.size }))
  /** Drops all streams, as a restart does. */
  on('POST', '/__mock/drop', (x) => {
    for (const res of streams) res.destroy()
    x.json(200, {})
  })
}
