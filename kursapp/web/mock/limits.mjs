import { count, now, scenario } from './world.mjs'

const rule = (name, limit, window_ms, algorithm, subject, guards, without_redis, burst = 0) => ({
  name,
  limit,
  window_ms,
  algorithm,
  burst,
  subject,
  guards,
  without_redis,
  off: false,
})
const rules = [
  rule('data', 10, 60_000, 'fixed', 'address', 'GET /api/data', 'open'),
  rule('register', 20, 60_000, 'gcra', 'address', 'registrations of one client', 'closed', 5),
  rule('login-address', 30, 60_000, 'fixed', 'address', 'wrong passwords of one client', 'local'),
  rule('login-account', 10, 300_000, 'sliding', 'account', 'wrong passwords for one account', 'local'),
  rule('email-change', 10, 3_600_000, 'fixed', 'user', 'new addresses that one user asks for', 'closed'),
  { ...rule('global', 600, 60_000, 'fixed', 'address', 'all requests of one client', 'local'), off: true },
]
const windows = new Map() // key → {used, endsAt}
const you = '127.0.0.1'

function windowOf(name, subject) {
  const r = rules.find((o) => o.name === name) ?? rules[0]
  const key = `rate:${r.name}:{${subject || you}}`
  let w = windows.get(key)
  if (!w || w.endsAt <= now()) w = { used: 0, endsAt: 0 }
  windows.set(key, w)
  return { r, key, w }
}

export function routes(on) {
  on('GET', '/api/data', (x) => {
    const { r, w } = windowOf('data', you)
    if (!scenario.redis)
      return x.json(200, { message: x.say('Hier sind deine Daten!', 'Here is your data!') })
    if (w.used === 0) w.endsAt = now() + r.window_ms
    const reset = Math.ceil((w.endsAt - now()) / 1000)
    if (w.used >= r.limit) {
      count('limits.denied')
      return x.json(
        429,
        {
          type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
          title: x.say('Zu viele Anfragen', 'Too Many Requests'),
          status: 429,
          detail: x.say(
            `Zu viele Anfragen. Versuche es in ${reset} Sekunden erneut.`,
            `Too many requests. Try again in ${reset} seconds.`,
          ),
          'violated-policies': ['data'],
        },
        {
          'Content-Type': 'application/problem+json',
          'Retry-After': String(reset),
          RateLimit: `"data";r=0;t=${reset}`,
          'RateLimit-Policy': '"data";q=10;w=60',
        },
      )
    }
    w.used += 1
    count('limits.admitted')
    x.json(
      200,
      { message: x.say('Hier sind deine Daten!', 'Here is your data!') },
      { RateLimit: `"data";r=${r.limit - w.used};t=${reset}`, 'RateLimit-Policy': '"data";q=10;w=60' },
    )
  })
  on('GET', '/limits', (x) => x.json(200, { degraded: !scenario.redis, you, rules }))
  on('POST', '/limits/state', (x) => {
    const { r, key, w } = windowOf(x.body?.rule, x.body?.subject)
    const left = Math.max(0, w.endsAt - now())
    x.json(200, {
      rule: r.name,
      subject: x.body?.subject || you,
      limit: r.limit,
      remaining: r.limit - w.used,
      reset_ms: left,
      retry_after_ms: w.used >= r.limit ? left : 0,
      key,
      ttl_ms: left,
    })
  })
  on('POST', '/limits/reset', (x) => {
    const { key } = windowOf(x.body?.rule, x.body?.subject)
    windows.delete(key)
    x.json(200, { message: x.say('Limit zurückgesetzt', 'Limit reset') })
  })
}
