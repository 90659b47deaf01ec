// No finding of axe where the server refuses or has nothing; nothing wider than a small
// phone. Where Redis is gone, outage.test.mjs looks.
import assert from 'node:assert/strict'
import { findings, letIn, through } from './axe-runs.mjs'
import { alive, check, demo, open, settled, views } from './harness.mjs'

check('axe finds nothing where the server refuses', async (t) => {
  const problem = { status: 500, title: 'Interner Fehler', detail: 'Das ging schief.' }
  await through(t, demo, {
    expect: /500|EventSource|MIME/,
    before: (page) =>
      page.route(/\/(users|cache|comparisons|limits|queues|audit|sessions|demo)(\/|\?|$)/, (route) =>
        route.request().resourceType() === 'document'
          ? route.continue()
          : route.fulfill({
              status: 500,
              contentType: 'application/problem+json',
              body: JSON.stringify(problem),
            }),
      ),
  })
})

check('axe finds nothing where there is nothing', async (t) => {
  const empty = { users: [], entries: [], tasks: [], mails: [], sessions: [], queues: [], rules: [] }
  await through(t, demo, {
    before: (page) =>
      page.route(/\/(users|queues|audit|sessions|demo)(\/|\?|$)/, (route) =>
        route.request().resourceType() === 'document'
          ? route.continue()
          : route.fulfill({
              status: 200,
              contentType: 'application/json',
              body: JSON.stringify(/\/demo\/mails/.test(route.request().url()) ? [] : empty),
            }),
      ),
  })
})

check('nothing is wider than a screen of 320 px, in any view and language', async (t) => {
  const wide = []
  for (const lang of ['de', 'en']) {
    const page = await open(t, demo, '/ui/', { lang, size: { width: 320, height: 640 } })
    for (const view of views) {
      await page.goto(view.path)
      await page.locator('main h1').first().waitFor()
      await settled(page)
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (over > 0) wide.push(`${view.name}, ${lang}: ${over} px`)
    }
  }
  assert.deepEqual(wide, [])
})

check('forced colours leave every control visible', async (t) => {
  const page = await open(t, demo, '/ui/cache', { forcedColors: 'active' })
  await alive(page)
  await settled(page)
  await letIn(page)
  assert.deepEqual(await findings(page, ['color-contrast', 'button-name']), [])
})
