import { problem } from './http.mjs'
import { iso, now } from './world.mjs'

let current
const ways = [
  ['database', 2400],
  ['redis', 310],
  ['local', 0.62],
]

function result(way, typical, done) {
  // Eight buckets for each doubling, a long tail to the right.
  const histogram = Array.from({ length: 96 }, (_, i) => {
    const d = (i - 28) / 8
    const share = Math.exp((-d * d) / (d < 0 ? 0.18 : 1.1)) / 13
    return { le_us: typical * 2 ** d, n: Math.round(done * share * (0.8 + Math.random() * 0.4)) }
  }).filter((b) => b.n > 0)
  return {
    way,
    done,
    errors: 0,
    elsewhere: 0,
    duration_us: (done * typical) / 8,
    throughput: done ? 8e6 / typical : 0,
    p50_us: done ? typical : 0,
    p90_us: done ? typical * 1.7 : 0,
    p99_us: done ? typical * 3.4 : 0,
    min_us: done ? typical * 0.4 : 0,
    max_us: done ? typical * 9 : 0,
    mean_us: done ? typical * 1.15 : 0,
    reads_per_sample: way === 'local' ? 100 : 1,
    histogram: done ? histogram : [],
  }
}

function advance() {
  if (current?.state !== 'running') return
  const share = (now() - current.started_at) / 1500 // each way takes so long
  current.ways = ways
    .slice(0, Math.ceil(share)) // those that have begun
    .map(([way, typical], i) =>
      result(way, typical, Math.round(current.requests * Math.min(1, Math.max(0, share - i)))),
    )
  if (share < ways.length) return
  current.state = 'done'
  current.finished_at = now()
}

export function routes(on) {
  on('POST', '/comparisons', (x) => {
    advance()
    if (current?.state === 'running') return problem(x, 409, 'busy')
    const { requests = 1000, concurrency = 8, user_id = 1 } = x.body ?? {}
    current = {
      id: iso(now()),
      state: 'running',
      error: '',
      started_at: now(),
      finished_at: 0,
      requests,
      concurrency,
      user_id,
      ways: [],
      about: { cpus: 2, go: '1.26', database: 'PostgreSQL 17.2', redis: '7.4.1', clock_us: 0.04, note: '' },
    }
    x.json(202, current)
  })
  on('GET', '/comparisons/current', (x) => {
    advance()
    return current ? x.json(200, current) : problem(x, 404)
  })
  on('DELETE', '/comparisons/current', (x) => {
    advance()
    if (!current) return problem(x, 404)
    if (current.state === 'running') Object.assign(current, { state: 'cancelled', finished_at: now() })
    x.json(200, current)
  })
}
