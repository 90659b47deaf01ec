// Takes pictures of every view, on a desk and on a phone, light and dark, from the real
// server with something going on in it. `make screenshots` runs it; E2E_OUT is the folder.
import { mkdirSync } from 'node:fs'
import { alive, button, demo, desktop, open, phone, see, settled, shaky, views } from './harness.mjs'

const out = process.env.E2E_OUT
mkdirSync(out, { recursive: true })
const closing = []
const script = { after: (fn) => closing.push(fn) }

/** Reads and changes as a small crowd would, until it is told to stop. */
function crowd(on) {
  let going = true
  const favourites = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
  const work = async () => {
    for (let i = 0; going; i++) {
      const id = i % 5 === 4 ? 100 + (i % 400) : favourites[(i * 7) % favourites.length]
      await on.call('GET', `/users/${id}`)
      if (i % 60 === 59)
        await on.call('PUT', `/users/${id}`, { name: `User ${id}`, email: `user${id}@example.com` })
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
  }
  const done = work()
  return () => {
    going = false
    return done
  }
}

/** What a person does in a view before the picture. */
const before = {
  async cache(page) {
    await button(page, 'Lesen').click()
    await see(page, /hat geantwortet/)
    await button(page, 'Lesen').click()
    await see(page, /wurden? nicht gefragt/)
  },
  async compare(page) {
    await page
      .getByText(/je\sWeg\)/)
      .first()
      .waitFor()
  },
  async limits(page) {
    await button(page, 'Meinen Zähler zurücksetzen').click()
    await button(page, '15 senden').click()
    await see(page, /^10 erlaubt, 5 abgelehnt/)
    await button(page, 'Meldung schließen').click()
  },
}

const paths = {
  cache: '/ui/cache?user=13',
  users: '/ui/benutzer?q=max&id=1',
  tasks: '/ui/aufgaben?zustand=dead',
}

async function picture(page, name) {
  await page.screenshot({ path: `${out}/${name}.png`, animations: 'disabled' })
  console.log(`${out}/${name}.png`)
}

async function all(size, sizeName, theme) {
  const page = await open(script, demo, '/ui/anmeldung', {
    size,
    theme,
    deviceScaleFactor: 2,
    isMobile: size === phone,
    hasTouch: size === phone,
  })
  await settled(page)
  await picture(page, `login-anonymous-${sizeName}-${theme}`)
  await button(page, 'Als Max anmelden').click()
  await see(page, 'Dieses Gerät')
  for (const view of views) {
    await page.goto(paths[view.name] ?? view.path)
    await settled(page)
    if (view.name === 'overview' || view.name === 'cache') await alive(page)
    await before[view.name]?.(page)
    await page.evaluate(() => window.scrollTo(0, 0))
    await picture(page, `${view.name}-${sizeName}-${theme}`)
  }
  await page.goto('/ui/aufgaben?teil=post')
  await settled(page)
  await button(page, 'Mail senden').click()
  await see(page, /^Zugestellt nach/)
  await page.evaluate(() => window.scrollTo(0, 0))
  await picture(page, `tasks-mail-${sizeName}-${theme}`)
  await page.context().close()
}

const stop = crowd(demo)
for (let i = 0; i < 3; i++) await demo.call('POST', '/demo/mails', { broken: true })
await demo.call('POST', '/comparisons', { requests: 5000, concurrency: 8 })
await demo.call('POST', '/login', { email: 'max@example.com', password: 'wrong' })
// The charts need a past.
await new Promise((resolve) => setTimeout(resolve, 45_000))
for (const theme of ['light', 'dark']) {
  await all(desktop, 'desktop', theme)
  await all(phone, 'phone', theme)
}
await stop()

// And without Redis.
const page = await open(script, shaky, '/ui/', { deviceScaleFactor: 2 })
await alive(page)
await shaky.redis('kill')
await see(page, /Redis ist nicht erreichbar seit/)
for (let id = 1; id <= 20; id++) await shaky.call('GET', `/users/${id}`)
await see(page, /^20 Lesezugriffe/)
await see(page, /^Unbekannt seit/)
await picture(page, 'overview-without-redis-desktop-light')
await page.goto('/ui/cache')
await see(page, /Redis nicht erreichbar/)
await button(page, 'Lesen').click()
await see(page, 'Redis nicht erreichbar. PostgreSQL hat geantwortet.')
await picture(page, 'cache-without-redis-desktop-light')
await page.context().close()
process.exit(0) // the browser belongs to whoever started this
