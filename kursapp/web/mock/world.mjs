// The state of a kursapp that does not exist. It plays what the API promises, well
// enough that every view can be developed and looked at without a server.

export const now = () => Date.now()
export const startedAt = now() - 3 * 3600_000
export const iso = (ms) => new Date(ms).toISOString()

const between = (a, b) => a + Math.random() * (b - a)
export const pick = (list) => list[Math.floor(Math.random() * list.length)]
/** A duration as real ones are: most are short, some are long. */
export const took = (typical) =>
  Math.max(1, Math.round(typical * Math.exp(between(-0.4, 0.9) * between(0.2, 1))))

/** What is wrong now; changed by POST /__mock/scenario. */
export const scenario = {
  redis: true,
  database: true,
  traffic: 1, // how much others read
  empty: false, // nobody has done anything yet
  mode: 'demo',
  login: null, // id of who is logged in
  flood: 0, // reads a second on top, for load on the page
  frozen: false, // the stream stays open and says nothing
  latency: 0, // ms that every answer waits
}

const first = [
  'Max',
  'Anna',
  'Ben',
  'Clara',
  'David',
  'Emilia',
  'Felix',
  'Greta',
  'Hannes',
  'Ida',
  'Jonas',
  'Klara',
]
export const users = new Map()
for (let id = 1; id <= 200; id++) {
  users.set(id, {
    id,
    name: id === 1 ? 'Max' : `User ${id}`,
    email: id === 1 ? 'max@example.com' : `user${id}@example.com`,
    role: id === 1 ? 'admin' : 'user',
    created_at: iso(startedAt - id * 60_000),
    has_password: id === 1,
  })
}
export const names = first

// The cache of users: key → {raw, storedAt}; local is what this process has in memory.
export const ttl = 60_000
export const inRedis = new Map()
export const inMemory = new Map()

export const counts = {}
/** Adds to what the next sample tells. */
export const count = (name, n = 1) => {
  counts[name] = (counts[name] ?? 0) + n
}
export const latencies = { local: [], redis: [], database: [] }

// Events of the log, and who wants to hear them.
export const events = []
export const fresh = []
let seq = 0
export function happened(kind, key, tier = '', reason = '', us = 0, error = '') {
  const e = { seq: ++seq, t: now(), kind, key, tier, reason, us, error }
  events.push(e)
  if (events.length > 100) events.shift()
  fresh.push(e)
}
