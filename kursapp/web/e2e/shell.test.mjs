// The shell around the views: the way between them, language, what is not there.
import assert from 'node:assert/strict'
import { alive, button, check, demo, inContext, open, phone, see, settled, until, views } from './harness.mjs'

check('every view opens by its link, from the navigation and without an error in the console', async (t) => {
  const page = await open(t, demo, '/')
  await page.waitForURL('**/ui/')
  const nav = page.getByRole('navigation', { name: 'Ansichten' })
  for (const view of views) {
    await nav.getByRole('link', { name: view.title, exact: true }).click()
    await page.getByRole('heading', { level: 1, name: view.title }).waitFor()
    await settled(page)
    assert.equal(new URL(page.url()).pathname, view.path)
    assert.equal(await nav.locator('[aria-current=page]').innerText(), view.title)
  }
  // And by its address alone, as a link from elsewhere would.
  for (const view of views) {
    await page.goto(view.path)
    await page.getByRole('heading', { level: 1, name: view.title }).waitFor()
    await settled(page)
  }
})

check('the back button goes where one came from', async (t) => {
  const page = await open(t, demo, '/ui/cache?user=3')
  await settled(page)
  const nav = page.getByRole('navigation', { name: 'Ansichten' })
  await nav.getByRole('link', { name: 'Rate Limit' }).click()
  await page.getByRole('heading', { level: 1, name: 'Rate Limit' }).waitFor()
  await page.goBack()
  await page.getByRole('heading', { level: 1, name: 'Cache' }).waitFor()
  await see(page, 'cache:user:3')
  await page.goForward()
  await page.getByRole('heading', { level: 1, name: 'Rate Limit' }).waitFor()
})

check('a page that is not there says so and leads back', async (t) => {
  const page = await open(t, demo, '/ui/nirgends')
  await page.getByRole('heading', { level: 1, name: 'Diese Seite gibt es nicht' }).waitFor()
  await page.getByRole('link', { name: 'Zum Überblick' }).click()
  await page.getByRole('heading', { level: 1, name: 'Überblick' }).waitFor()
})

check('German whatever the browser prefers, English by the switch, and that stays', async (t) => {
  const page = await open(t, demo, '/ui/')
  await page.getByRole('heading', { level: 1, name: 'Überblick' }).waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'de')
  await page.getByRole('banner').getByRole('radio', { name: 'EN' }).click()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'en')
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  await until(
    'the document says English',
    async () => (await page.locator('html').getAttribute('lang')) === 'en',
  )
  await page.getByRole('banner').getByRole('radio', { name: 'DE' }).click()
  await page.getByRole('heading', { level: 1, name: 'Überblick' }).waitFor()
})

check('the colours follow the switch before the system, and that stays', async (t) => {
  const page = await open(t, demo, '/ui/', { theme: 'light' })
  await settled(page)
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const light = await background()
  await page.getByRole('banner').getByRole('radio', { name: 'Dunkel' }).check()
  await until('it is dark', async () => (await background()) !== light)
  const dark = await background()
  await page.reload()
  await settled(page)
  assert.equal(await background(), dark)
})

check('a phone reaches all views with a thumb', async (t) => {
  const page = await open(t, demo, '/ui/', { size: phone, hasTouch: true, isMobile: true })
  await settled(page)
  const bar = page.getByRole('navigation', { name: 'Ansichten' }).filter({ visible: true })
  await bar.getByRole('link', { name: 'Cache' }).tap()
  await page.getByRole('heading', { level: 1, name: 'Cache' }).waitFor()
  await button(bar, 'Mehr').tap()
  await page.getByRole('dialog').getByRole('link', { name: 'Benutzer' }).tap()
  await page.getByRole('heading', { level: 1, name: 'Benutzer' }).waitFor()
})

check('live updates stop at one switch, in every view, and count what came', async (t) => {
  const { id } = await demo.newUser()
  const page = await open(t, demo, '/ui/')
  await alive(page)
  await button(page.getByRole('banner'), 'Anzeige anhalten').click()
  await see(page.getByRole('banner'), 'Angehalten')
  const nav = page.getByRole('navigation', { name: 'Ansichten' })
  await nav.getByRole('link', { name: 'Cache', exact: true }).click()
  await see(page.getByRole('banner'), 'Angehalten')
  await demo.call('GET', `/users/${id}`)
  const fresh = page.getByRole('banner').getByRole('button', { name: /neue[n]? Eintr/ })
  await fresh.waitFor()
  await fresh.click()
  await see(page, `cache:user:${id}`)
  await button(page.getByRole('banner'), 'Weiterlaufen lassen').click()
  await alive(page)
})

check('seven open windows still load', async (t) => {
  const first = await open(t, demo, '/ui/')
  await alive(first)
  for (let i = 1; i < 7; i++) {
    const page = await inContext(t, first.context(), '/ui/cache')
    await settled(page)
  }
})
