import { createHash } from 'node:crypto'
import { invalidate, readUser } from './cache.mjs'
import { problem } from './http.mjs'
import { iso, now, scenario, users } from './world.mjs'

const shape = (u) => ({ id: u.id, name: u.name, email: u.email })
const sessions = new Map() // cookie → {user, began}
const devices = [
  {
    id: 'c1',
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0 Safari/537.36',
    address: '127.0.0.1',
    remembered: false,
    current: true,
    age: 0,
  },
  {
    id: 'c2',
    user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1',
    address: '192.168.1.20',
    remembered: true,
    current: false,
    age: 3,
  },
  { id: 'c3', user_agent: 'curl/8.11.0', address: '127.0.0.1', remembered: false, current: false, age: 1 },
]
let open = [...devices]
const audit = []
export function note(action, actor, subject, detail) {
  audit.unshift({
    id: 1000 + audit.length,
    at: iso(now()),
    action,
    ...(actor && { actor_id: actor }),
    ...(subject && { subject_id: subject }),
    client_address: '127.0.0.0',
    user_agent: 'Mozilla/5.0',
    ...(detail && { detail }),
  })
}
for (let i = 40; i > 0; i--)
  note(
    i % 5 === 0 ? 'login_failed' : 'user_changed',
    i % 3 ? 1 : 0,
    i,
    i % 5 ? { fields: ['name'] } : undefined,
  )

/** Who asks, by the cookie or by the scenario. */
export function sessionOf(cookie) {
  const known = sessions.get(cookie)
  if (known) return known
  return scenario.login ? { user: scenario.login, began: now() - 600_000 } : undefined
}

function wrong(x, body) {
  const fields = []
  if (!body?.name) fields.push(['body.name', x.say('Feld „name“ fehlt', 'field “name” is missing')])
  if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(body?.email ?? ''))
    fields.push([
      'body.email',
      x.say('Feld „email“ ist keine gültige E-Mail-Adresse', 'field “email” is not a valid e-mail address'),
    ])
  if (fields.length === 0) return false
  problem(x, 422, 'notFound', fields)
  return true
}

export function routes(on) {
  on('GET', '/users', (x) => {
    const limit = Number(x.query.get('limit') ?? 20)
    const after = Number(x.query.get('cursor') ?? 0)
    const q = (x.query.get('q') ?? '').toLowerCase()
    const list = [...users.values()].filter(
      (u) => u.id > after && `${u.name} ${u.email}`.toLowerCase().includes(q),
    )
    const page = list.slice(0, limit)
    x.json(
      200,
      { users: page.map(shape), ...(list.length > limit && { next_cursor: String(page.at(-1).id) }) },
      { 'Cache-Status': 'kursapp; fwd=bypass; detail=database', 'Server-Timing': 'cache;dur=0, db;dur=3.1' },
    )
  })
  on('GET', '/users/:id', (x) => {
    if (!scenario.database && !scenario.redis) return problem(x, 503, 'unavailable')
    const fresh = /no-cache/.test(x.req.headers['cache-control'] ?? '')
    const r = readUser(x.id, fresh)
    if (r.raw === 'null') return problem(x, 404, 'noUser')
    const tag = `"${createHash('sha1').update(r.raw).digest('base64url')}"`
    const headers = { ...r.headers, ETag: tag, 'Cache-Control': 'private, no-cache' }
    if (x.req.headers['if-none-match'] === tag) return x.res.writeHead(304, headers).end()
    x.json(200, r.raw, headers)
  })
  on('PUT', '/users/:id', (x) => {
    const u = users.get(x.id)
    if (!u) return problem(x, 404, 'noUser')
    if (wrong(x, x.body)) return
    if ([...users.values()].some((o) => o.id !== u.id && o.email === x.body.email))
      return problem(x, 409, 'taken')
    Object.assign(u, { name: x.body.name, email: x.body.email })
    invalidate(u.id)
    note('user_changed', x.session?.user, u.id, { fields: ['name', 'email'] })
    x.json(200, shape(u))
  })
  on('POST', '/users', (x) => {
    if (wrong(x, x.body)) return
    if ([...users.values()].some((o) => o.email === x.body.email)) return problem(x, 409, 'taken')
    const id = Math.max(...users.keys()) + 1
    users.set(id, {
      id,
      name: x.body.name,
      email: x.body.email,
      role: 'user',
      created_at: iso(now()),
      has_password: true,
    })
    note('registered', 0, id)
    x.json(201, shape(users.get(id)), { Location: `/users/${id}` })
  })
  on('DELETE', '/users/:id', (x) => {
    if (!users.delete(x.id)) return problem(x, 404, 'noUser')
    invalidate(x.id)
    note('user_deleted', x.session?.user, x.id)
    x.json(200, { message: x.say('User gelöscht', 'User deleted') })
  })
  on('GET', '/users/:id/account', (x) => {
    const u = users.get(x.id)
    if (!u) return problem(x, 404, 'noUser')
    x.json(200, { id: u.id, role: u.role, created_at: u.created_at, has_password: u.has_password })
  })
  on('PUT', '/users/:id/role', (x) => {
    const u = users.get(x.id)
    if (!u) return problem(x, 404, 'noUser')
    if (x.user()?.role !== 'admin') return problem(x, 403, 'forbidden')
    if (
      u.role === 'admin' &&
      x.body.role === 'user' &&
      [...users.values()].filter((o) => o.role === 'admin').length === 1
    ) {
      return problem(x, 409, 'lastAdmin')
    }
    note('role_changed', x.session?.user, u.id, { from: u.role, to: x.body.role })
    u.role = x.body.role
    x.json(200, { id: u.id, role: u.role, created_at: u.created_at, has_password: u.has_password })
  })
  on('GET', '/audit', (x) => {
    const limit = Number(x.query.get('limit') ?? 20)
    const before = Number(x.query.get('cursor') ?? Infinity)
    const user = Number(x.query.get('user') ?? 0)
    const kinds = x.query.get('kind')?.split(',')
    const wanted = (e) =>
      e.id < before &&
      (!user || e.actor_id === user || e.subject_id === user) &&
      (!kinds || kinds.includes(e.action))
    const list = scenario.empty ? [] : audit.filter(wanted)
    x.json(200, {
      entries: list.slice(0, limit),
      ...(list.length > limit && { next_cursor: String(list[limit - 1].id) }),
    })
  })
  on('POST', '/web/login', (x) => {
    if (!scenario.redis) return problem(x, 503, 'unavailable')
    if (x.body?.password !== 'test123') return problem(x, 401, 'credentials')
    const u = [...users.values()].find((o) => o.email === x.body.email)
    if (!u) return problem(x, 401, 'credentials')
    const cookie = `s${now()}`
    sessions.set(cookie, { user: u.id, began: now() })
    open = [...devices]
    note('login_succeeded', u.id, u.id)
    x.json(
      200,
      { message: x.say('Eingeloggt!', 'Logged in!') },
      { 'Set-Cookie': `kursapp_session=${cookie}; HttpOnly; SameSite=Lax; Path=/` },
    )
  })
  on('POST', '/web/logout', (x) => {
    sessions.delete(x.cookie)
    scenario.login = null
    x.json(
      200,
      { message: x.say('Ausgeloggt!', 'Logged out!') },
      { 'Set-Cookie': 'kursapp_session=; Max-Age=0; Path=/' },
    )
  })
  on('GET', '/sessions', (x) => {
    if (!x.session) return problem(x, 401, 'noSession')
    x.json(200, {
      sessions: open.map(({ age, ...d }) => ({
        ...d,
        created_at: iso(now() - age * 86_400_000 - 600_000),
        last_seen_at: iso(now() - age * 3_600_000),
        expires_at: iso(now() + 30 * 60_000),
      })),
    })
  })
  on('DELETE', '/sessions/:id', (x) => {
    if (!x.session) return problem(x, 401, 'noSession')
    open = open.filter((d) => d.id !== x.params.id)
    x.json(200, { message: x.say('Sitzung beendet', 'Session ended') })
  })
  on('DELETE', '/sessions', (x) => {
    if (!x.session) return problem(x, 401, 'noSession')
    open = open.filter((d) => d.current)
    x.json(200, { message: x.say('Alle anderen Sitzungen beendet', 'All other sessions ended') })
  })
  on('PUT', '/profile/password', (x) => {
    if (!x.session) return problem(x, 401, 'noSession')
    if (x.body?.old_password !== 'test123')
      return problem(x, 422, 'notFound', [
        ['body.old_password', x.say('Feld „old_password“ stimmt nicht', 'field “old_password” is wrong')],
      ])
    open = open.filter((d) => d.current)
    x.json(200, {
      message: x.say(
        'Passwort geändert. Alle anderen Geräte sind abgemeldet.',
        'Password changed. All other devices are logged out.',
      ),
    })
  })
  on('POST', '/password-resets', (x) =>
    x.json(202, {
      message: x.say(
        'Wenn es zu dieser Adresse ein Konto gibt, ist eine E-Mail unterwegs. Der Code darin gilt 30 Minuten.',
        'If there is an account with this address, an e-mail is on its way. The code in it is valid for 30 minutes.',
      ),
    }),
  )
  on('POST', '/password-resets/confirmations', (x) =>
    x.json(200, {
      message: x.say(
        'Passwort geändert. Du kannst dich jetzt damit anmelden.',
        'Password changed. You can log in with it now.',
      ),
    }),
  )
  on('DELETE', '/users/:id/sessions', (x) =>
    x.json(200, { message: x.say('Alle Sitzungen des Users beendet', 'All sessions of the user ended') }),
  )
}
