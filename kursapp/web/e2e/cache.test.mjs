// The cache: how far a read goes, what a change does, and that another window sees it.
import assert from 'node:assert/strict'
import { alive, button, check, demo, inContext, open, see, settled, until, untouched } from './harness.mjs'

const openUser = async (t, id, more) => {
  const page = await open(t, demo, `/ui/cache?user=${id}`, more)
  await alive(page)
  await settled(page)
  return page
}
const timer = (page, where) => page.getByRole('timer', { name: `Restzeit ${where}` })
const row = (page, kind, id, words = '') =>
  page
    .getByLabel('Ereignisse des Caches, das neueste zuerst')
    .getByRole('listitem')
    .filter({ hasText: `${kind}cache:user:${id}${words}` })
    .first()

check('a read goes only as far as it must: miss, Redis, memory, and past the cache', async (t) => {
  const id = untouched()
  const page = await openUser(t, id)
  await button(page, 'Lesen').click()
  await see(page, 'PostgreSQL hat geantwortet, denn im Cache lag noch nichts.')
  await see(page, 'MISS')
  await timer(page, 'in Redis').waitFor()
  assert.match(await demo.redisCli('GET', `cache:user:${id}`), /"name":"User \d+"/)
  await button(page, 'Lesen').click()
  await see(page, 'Redis hat geantwortet. PostgreSQL wurde nicht gefragt.')
  await see(page, 'HIT Redis')
  // The third read is memory's, unless Redis told late of the fill: then it is the next one.
  await until('memory answers', async () => {
    await button(page, 'Lesen').click()
    const memory = page.getByText(
      'Der lokale Speicher hat geantwortet. Redis und PostgreSQL wurden nicht gefragt.',
    )
    return memory
      .first()
      .waitFor({ timeout: 5000 })
      .then(() => true)
      .catch(() => false)
  })
  await see(page, 'HIT lokal')
  await timer(page, 'im lokalen Speicher').waitFor()
  await button(page, 'Cache umgehen').click()
  await see(page, 'PostgreSQL hat geantwortet, weil du den Cache umgangen hast.')
  // The raw answer says the same.
  await button(page, 'Rohdaten').click()
  const raw = page.getByRole('dialog')
  await see(raw, /fwd=bypass/)
  await see(raw, /curl/)
  await page.keyboard.press('Escape')
  await raw.waitFor({ state: 'hidden' })
})

check('the time left of an entry runs down as Redis has it', async (t) => {
  const id = untouched()
  const page = await openUser(t, id)
  await button(page, 'Wärmen').click()
  await see(page, 'Der Eintrag liegt frisch in Redis')
  const left = async () => Number.parseInt(await timer(page, 'in Redis').innerText(), 10)
  await timer(page, 'in Redis').waitFor()
  const first = await left()
  await until('it runs down', async () => (await left()) < first)
  const redis = Number(await demo.redisCli('TTL', `cache:user:${id}`))
  assert.ok(Math.abs((await left()) - redis) <= 3, `the page says ${await left()} s, Redis ${redis} s`)
})

check("the time left is right where the browser's clock is five minutes off", async (t) => {
  const id = untouched()
  const page = await open(t, demo, '/ui/nirgends')
  await page.clock.install({ time: Date.now() - 5 * 60_000 })
  await page.goto(`/ui/cache?user=${id}`)
  await alive(page)
  await button(page, 'Wärmen').click()
  await timer(page, 'in Redis').waitFor()
  const left = Number.parseInt(await timer(page, 'in Redis').innerText(), 10)
  assert.ok(left > 30 && left <= 60, `${left} s left of 60`)
})

check('miss, hit and invalidation are seen in two windows', async (t) => {
  const id = untouched()
  const one = await openUser(t, id)
  const two = await inContext(t, one.context(), `/ui/cache?user=${id}`)
  await alive(two)
  await settled(two)
  await button(one, 'Lesen').click()
  await see(one, 'PostgreSQL hat geantwortet')
  await row(two, 'MISS', id).waitFor()
  await row(two, 'FILL', id).waitFor()
  await timer(two, 'in Redis').waitFor()
  await button(two, 'Lesen').click()
  await see(two, 'Redis hat geantwortet.')
  await row(one, 'HIT', id, 'Redis').waitFor()

  await button(two, 'Ändern').click()
  await two.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Grace Neu')
  await button(two.getByRole('dialog'), 'Speichern').click()
  await see(two, 'Gespeichert. Cache-Eintrag entfernt')
  await row(one, 'INVALIDATE', id).waitFor()
  await timer(one, 'in Redis').waitFor({ state: 'detached' })
  await button(one, 'Lesen').click()
  await see(one, 'PostgreSQL hat geantwortet, denn der Eintrag war invalidiert.')
  await see(two, /"name":"Grace Neu"/)
  assert.match(await demo.redisCli('GET', `cache:user:${id}`), /Grace Neu/)
})

check('a hundred at once ask the database once', async (t) => {
  const id = untouched()
  const page = await openUser(t, id)
  await button(page, '100 gleichzeitig').click()
  await see(page, /^100 Anfragen, 1 Datenbankabfrage/)
})

check('invalidate and warm', async (t) => {
  const id = untouched()
  const page = await openUser(t, id)
  await button(page, 'Wärmen').click()
  await timer(page, 'in Redis').waitFor()
  await button(page, 'Invalidieren').click()
  await see(page, 'Cache-Eintrag entfernt, der nächste Lesezugriff ist ein MISS.')
  await timer(page, 'in Redis').waitFor({ state: 'detached' })
  assert.equal(await demo.redisCli('GET', `cache:user:${id}`), '')
})

check('a user is found by a search and chosen, and stands in the URL', async (t) => {
  const { id, email } = await demo.newUser('Zoë Gesucht')
  const page = await openUser(t, 1)
  await page.getByRole('searchbox', { name: 'Name oder Adresse suchen' }).fill(email)
  await page
    .getByLabel('Benutzer auswählen')
    .getByRole('button', { name: /Zoë Gesucht/ })
    .click()
  await see(page, `cache:user:${id}`)
  assert.equal(new URL(page.url()).searchParams.get('user'), String(id))
  await page.getByRole('searchbox', { name: 'Name oder Adresse suchen' }).fill('gibt es ganz sicher nicht')
  await see(page, 'Niemand gefunden')
})

check('the log is narrowed to kinds and a key, in the URL', async (t) => {
  const id = untouched()
  const page = await openUser(t, id)
  await button(page, 'Lesen').click()
  await row(page, 'FILL', id).waitFor()
  await button(page, 'Nur dieser Schlüssel').click()
  await button(page, 'MISS').click()
  await row(page, 'MISS', id).waitFor()
  await row(page, 'FILL', id).waitFor({ state: 'detached' })
  const url = page.url()
  await page.goto(url)
  await row(page, 'MISS', id).waitFor()
  assert.equal(await row(page, 'FILL', id).count(), 0)
})

check('nobody under a number is an answer too', async (t) => {
  const page = await open(t, demo, '/ui/cache?user=99999999', { expect: /404 .*\/users\/99999999/ })
  await alive(page)
  await button(page, 'Lesen').click()
  await see(page, 'PostgreSQL sagt: Diesen Benutzer gibt es nicht.')
  await button(page, 'Lesen').click()
  await see(page, /Redis weiß: Diesen Benutzer gibt es nicht|Der lokale Speicher weiß/)
})

check('the keyboard alone is enough', async (t) => {
  const id = untouched()
  const page = await openUser(t, id)
  await page.evaluate(() => document.activeElement?.blur())
  // The first stop leads past the navigation.
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Zum Inhalt')
  await page.keyboard.press('Enter')
  const to = async (name) => {
    for (let i = 0; i < 60; i++) {
      const at = await page.evaluate(() => {
        const e = document.activeElement
        return {
          text: (e?.getAttribute('aria-label') || e?.textContent || '').trim(),
          ring: getComputedStyle(e).outlineStyle,
        }
      })
      if (at.text === name) {
        assert.notEqual(at.ring, 'none', `${name} shows that it has the focus`)
        return
      }
      await page.keyboard.press('Tab')
    }
    assert.fail(`Tab does not reach ${name}`)
  }
  await to('Lesen')
  await page.keyboard.press('Enter')
  await see(page, 'PostgreSQL hat geantwortet, denn im Cache lag noch nichts.')
  await to('Ändern')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).waitFor()
  // The focus stays in the dialog: what lies behind, all of it in #root, is out of reach.
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab')
    const behind = await page.evaluate(() => !!document.activeElement?.closest('#root'))
    assert.ok(!behind, 'Tab left the dialog')
  }
  await dialog.getByLabel('Name', { exact: true }).focus()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('Nur Tasten')
  await page.keyboard.press('Enter')
  await see(page, 'Gespeichert. Cache-Eintrag entfernt')
  // And goes back to where it came from.
  await until('the focus is back', () =>
    page.evaluate(() => document.activeElement?.textContent === 'Ändern'),
  )
  await page.keyboard.press('Escape')
})
