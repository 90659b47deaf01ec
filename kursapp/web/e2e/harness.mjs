// What every test file stands on: a page of its own, which fails the test when the console
// says something bad, and the strings that pull at the servers. `go test ./test/browser`
// starts the servers and the browser and names them in the environment.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { after, test } from 'node:test'
import { chromium } from 'playwright-core'

const need = (name) => {
  const value = process.env[`E2E_${name}`]
  if (!value) throw new Error(`E2E_${name} is not set: run go test ./test/browser`)
  return value
}

/** The servers: a demo that stays well, one whose Redis may be broken, and production. */
export const demo = server('demo')
export const shaky = server('shaky')
export const production = server('production')
export const account = {
  admin: process.env.E2E_ADMIN,
  user: process.env.E2E_USER,
  brief: process.env.E2E_BRIEF,
  password: process.env.E2E_PASSWORD,
}

function server(name) {
  const base = need(name.toUpperCase())
  const control = `${need('CONTROL')}/${name}`
  const told = async (url, init) => {
    const answer = await fetch(url, init)
    assert.ok(answer.ok, `${url}: ${answer.status}`)
    return answer.json()
  }
  return {
    base,
    /** kill, restart, freeze or thaw. */
    redis: (what) => told(`${control}/redis/${what}`, { method: 'POST' }),
    /** The same with the server itself. */
    app: (what) => told(`${control}/app/${what}`, { method: 'POST' }),
    /** A command as redis-cli sends it; the answer is text. */
    redisCli: (...args) => told(`${control}/redis?${new URLSearchParams(args.map((a) => ['arg', a]))}`),
    mails: (to) => told(`${control}/mails?to=${encodeURIComponent(to)}`),
    /** A request beside the browser. The answer's JSON, with its headers. */
    async call(method, path, body, headers = {}) {
      const answer = await fetch(base + path, {
        method,
        headers: { ...(body && { 'Content-Type': 'application/json' }), ...headers },
        ...(body && { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      const json = /json/.test(answer.headers.get('Content-Type') ?? '') ? JSON.parse(text) : undefined
      return { status: answer.status, headers: answer.headers, text, json }
    },
    /** A user that nobody else plays with. */
    async newUser(name = 'Ada Test', password = 'correct horse battery') {
      const email = `u${process.pid}-${++users}@example.com`
      const { status, json, text } = await this.call('POST', '/users', { name, email, password })
      assert.equal(status, 201, text)
      return { id: json.id, name, email, password }
    },
  }
}
let users = 0
const files = readdirSync(new URL('.', import.meta.url)).sort()
const own = 1000 + 200 * files.indexOf(basename(process.argv[1]))
let samples = 0

/** A sample user of a demo that no other test reads, so that nothing is known of it. */
export const untouched = () => own + samples++

let connecting
const browser = () => {
  connecting ??= chromium.connect(need('BROWSER'))
  return connecting
}
after(async () => (await connecting)?.close())

export const desktop = { width: 1280, height: 900 }
export const phone = { width: 390, height: 844 }

const patience = 60_000

/**
 * A browser window of its own. What the console calls an error fails the test, except what
 * `expect` allows: a browser also calls a refused request an error.
 */
export async function open(t, on, path, { lang, theme = 'light', size = desktop, expect, ...more } = {}) {
  const context = await (await browser()).newContext({
    baseURL: on.base,
    viewport: size,
    colorScheme: theme,
    locale: 'en-US', // German must come all the same
    reducedMotion: 'reduce',
    ...more,
  })
  context.setDefaultTimeout(patience)
  if (lang) await context.addInitScript((l) => localStorage.setItem('kursapp.lang', l), lang)
  const page = await inContext(t, context, path, expect)
  t.after(() => context.close())
  return page
}

/** Another window of the same person. */
export async function inContext(t, context, path, expect) {
  const page = await context.newPage()
  page.bad = []
  const note = (text) => {
    if (!expect?.test(text)) page.bad.push(text)
  }
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') note(`${m.type()}: ${m.text()} ${m.location().url}`)
  })
  page.on('pageerror', (err) => note(err.stack ?? String(err)))
  pages.get(t)?.push(page)
  await page.goto(path, { waitUntil: 'commit' })
  return page
}

const pages = new WeakMap()

/** A test that leaves pictures of its windows behind when it fails. */
export function check(name, fn) {
  test(name, { timeout: 240_000 }, async (t) => {
    pages.set(t, [])
    try {
      await fn(t)
      for (const page of pages.get(t)) assert.deepEqual(page.bad, [], `the console of ${page.url()}`)
    } catch (err) {
      for (const [i, page] of pages.get(t).entries()) {
        const file = `${process.env.E2E_SHOTS ?? '.'}/${name.replace(/[^a-z0-9]+/gi, '-')}-${i}.png`
        await page.screenshot({ path: file, timeout: 5000 }).catch(() => {})
        err.message += `\n${file}\n${page.bad.join('\n')}`
      }
      throw err
    }
  })
}

/** Waits until fn returns something true, and returns it. */
export async function until(what, fn, limit = patience) {
  const deadline = Date.now() + limit
  for (;;) {
    const got = await fn()
    if (got) return got
    if (Date.now() > deadline) assert.fail(`not within ${limit / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Waits until a text is to be seen. */
export const see = (where, text) => where.getByText(text).filter({ visible: true }).first().waitFor()

/** Waits until the page has settled: its heading stands and nothing loads. */
export async function settled(page) {
  await page.locator('main h1').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('main [aria-busy="true"]'))
}

/** Waits until the page gets live events. */
export const alive = (page) => see(page.getByRole('banner'), /^Live$/)

export const button = (where, name) => where.getByRole('button', { name, exact: typeof name === 'string' })

/** The views, as the navigation has them. `find` is what each shows once it is there. */
export const views = [
  { name: 'overview', path: '/ui/', title: 'Überblick' },
  { name: 'cache', path: '/ui/cache', title: 'Cache' },
  { name: 'compare', path: '/ui/vergleich', title: 'Leistungsvergleich' },
  { name: 'login', path: '/ui/anmeldung', title: 'Anmeldung & Sitzungen' },
  { name: 'limits', path: '/ui/limits', title: 'Rate Limit' },
  { name: 'tasks', path: '/ui/aufgaben', title: 'Aufgaben' },
  { name: 'users', path: '/ui/benutzer', title: 'Benutzer' },
  { name: 'audit', path: '/ui/protokoll', title: 'Protokoll' },
]
