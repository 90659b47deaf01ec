// As little of a web framework as the mock needs.

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

const words = {
  notFound: [
    404,
    'Nicht gefunden',
    'Not Found',
    'Diese Adresse gibt es nicht',
    'There is nothing at this address',
  ],
  noUser: [404, 'Nicht gefunden', 'Not Found', 'User nicht gefunden', 'User not found'],
  taken: [
    409,
    'Konflikt',
    'Conflict',
    'E-Mail-Adresse ist bereits vergeben',
    'E-mail address is already taken',
  ],
  busy: [409, 'Konflikt', 'Conflict', 'Ein Vergleich läuft bereits', 'A comparison is already running'],
  unavailable: [
    503,
    'Nicht verfügbar',
    'Service Unavailable',
    'Der Dienst ist gerade nicht verfügbar. Versuche es in 2 Sekunden erneut.',
    'The service is unavailable at the moment. Try again in 2 seconds.',
  ],
  noSession: [
    401,
    'Nicht angemeldet',
    'Unauthorized',
    'Session abgelaufen oder ungültig',
    'Session expired or invalid',
  ],
  credentials: [401, 'Nicht angemeldet', 'Unauthorized', 'Ungültige Anmeldedaten', 'Invalid credentials'],
  forbidden: [
    403,
    'Nicht erlaubt',
    'Forbidden',
    'Dazu fehlt dir die Berechtigung',
    'You are not allowed to do that',
  ],
  lastAdmin: [
    409,
    'Konflikt',
    'Conflict',
    'Der letzte Administrator kann seine Rolle nicht abgeben',
    'The last administrator cannot give up its role',
  ],
}

/** Answers with a problem. Fields are pairs of a location and what is wrong there. */
export function problem(x, status, name, fields) {
  const w = words[name] ?? words.notFound
  const errors = fields?.map(([location, message]) => ({ location, message }))
  x.json(
    status ?? w[0],
    {
      title: x.say(w[1], w[2]),
      status: status ?? w[0],
      detail: errors
        ? `${x.say('Ungültige Eingabe', 'Invalid input')}: ${errors.map((e) => e.message).join('; ')}.`
        : x.say(w[3], w[4]),
      ...(errors && { errors }),
    },
    { 'Content-Type': 'application/problem+json', ...(status === 503 && { 'Retry-After': '2' }) },
  )
}

export function router() {
  const table = []
  return {
    on(method, path, handler) {
      const names = []
      const parts = path.replace(/:(\w+)/g, (_, n) => {
        names.push(n)
        return '([^/]+)'
      })
      const pattern = new RegExp(`^${parts}$`)
      table.push({ method, pattern, names, handler })
    },
    find(method, path) {
      for (const r of table) {
        const m = r.method === method && r.pattern.exec(path)
        if (m)
          return {
            handler: r.handler,
            params: Object.fromEntries(r.names.map((n, i) => [n, decodeURIComponent(m[i + 1])])),
          }
      }
      return undefined
    },
  }
}
