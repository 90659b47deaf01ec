// Plays the API of kursapp, for developing and looking at the dashboard. Not shipped.
//   node mock/server.mjs [port]
// It also serves the built dashboard under /ui/ with the headers of the real server.
// POST /__mock/scenario {"redis":false,…} changes what is wrong; see world.mjs.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { routes as cache } from './cache.mjs'
import { routes as compare } from './compare.mjs'
import { problem, router, sleep } from './http.mjs'
import { routes as limits } from './limits.mjs'
import { routes as live, startLive } from './live.mjs'
import { routes as queues } from './queues.mjs'
import { sessionOf, routes as usersRoutes } from './users.mjs'
import { scenario, users } from './world.mjs'

const port = Number(process.argv[2] ?? 8787)
const dist = fileURLToPath(new URL('../../internal/webui/dist/', import.meta.url))
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; manifest-src 'self'"
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const { on, find } = router()
for (const routes of [live, cache, usersRoutes, compare, limits, queues]) routes(on)
on('GET', '/health', (x) => x.json(200, { status: 'ok', redis: scenario.redis }))
on('POST', '/__mock/scenario', (x) => {
  Object.assign(scenario, x.body)
  x.json(200, scenario)
})

async function serveUi(res, path) {
  const name = normalize(path.slice('/ui/'.length) || 'index.html')
  const file = name.startsWith('..') ? 'index.html' : name
  let content
  let shown = file
  try {
    content = await readFile(join(dist, file))
  } catch {
    shown = 'index.html'
    content = await readFile(join(dist, shown)).catch(() => 'run npm run build')
  }
  res.writeHead(200, {
    'Content-Type': types[extname(shown)] ?? 'application/octet-stream',
    'Content-Security-Policy': policy,
    'Cache-Control': shown.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  })
  res.end(content)
}

async function read(req) {
  let text = ''
  for await (const part of req) text += part
  return text ? JSON.parse(text) : undefined
}

createServer(async (req, res) => {
  const url = new URL(req.url ?? '/', 'http://mock')
  if (url.pathname === '/' || url.pathname === '/ui') return res.writeHead(302, { Location: '/ui/' }).end()
  if (url.pathname.startsWith('/ui/')) return serveUi(res, decodeURIComponent(url.pathname))
  const english = /^en/.test(req.headers['accept-language'] ?? '')
  const cookie = /kursapp_session=([^;]+)/.exec(req.headers.cookie ?? '')?.[1]
  const x = {
    req,
    res,
    query: url.searchParams,
    hasCookie: cookie !== undefined,
    cookie,
    session: sessionOf(cookie),
    user: () => (x.session && scenario.redis ? (users.get(x.session.user) ?? null) : null),
    say: (de, en) => (english ? en : de),
    json(status, body, headers = {}) {
      res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers })
      res.end(typeof body === 'string' ? body : JSON.stringify(body))
    },
  }
  try {
    const route = find(req.method, url.pathname)
    if (!route) return problem(x, 404)
    x.params = route.params
    x.id = Number(route.params.id)
    x.name = route.params.name
    if (req.method !== 'GET') x.body = await read(req)
    if (scenario.latency && !url.pathname.startsWith('/__mock')) await sleep(scenario.latency)
    await route.handler(x)
  } catch (err) {
    console.error(err)
    if (!res.headersSent) problem(x, 500)
  }
}).listen(port, '127.0.0.1', () => console.log(`mock on http://127.0.0.1:${port}/ui/`))
startLive()
