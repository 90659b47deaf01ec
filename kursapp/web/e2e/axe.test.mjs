// No finding of axe in any view, theme, language and state; nothing wider than a small phone.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { alive, check, demo, open, settled, views } from './harness.mjs'

const source = await readFile(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

/** Runs axe. Of the second theme only the colours can differ. */
async function findings(page, only) {
  // The content policy lets no script in; this one comes past the page.
  await page.evaluate(source)
  return page.evaluate(async (rules) => {
    const { violations } = await window.axe.run(document, {
      resultTypes: ['violations'],
      ...(rules ? { runOnly: { type: 'rule', values: rules } } : {}),
    })
    return violations.map(
      (v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} (${n.failureSummary})`).join('; ')}`,
    )
  }, only)
}

async function looked(page, where) {
  const found = []
  for (const [theme, only] of [
    ['light', undefined],
    ['dark', ['color-contrast']],
  ]) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    for (const f of await findings(page, only)) found.push(`${where}, ${theme}: ${f}`)
  }
  return found
}

async function through(t, on, { lang, expect, before }) {
  const page = await open(t, on, '/ui/', { lang, expect })
  const found = []
  for (const view of views) {
    await before?.(page)
    await page.goto(view.path)
    await page.locator('main h1').first().waitFor()
    await settled(page)
    found.push(...(await looked(page, `${view.name}, ${lang}`)))
  }
  assert.deepEqual(found, [])
}

check('axe finds nothing in any view in German', (t) => through(t, demo, { lang: 'de' }))
check('axe finds nothing in any view in English', (t) => through(t, demo, { lang: 'en' }))

check('axe finds nothing where the server refuses', async (t) => {
  const problem = { status: 500, title: 'Interner Fehler', detail: 'Das ging schief.' }
  await through(t, demo, {
    lang: 'de',
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
    lang: 'de',
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
  assert.deepEqual(await findings(page, ['color-contrast', 'button-name']), [])
})
