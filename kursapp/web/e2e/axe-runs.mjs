// Runs axe over the views, for the files that test it.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { open, settled, views } from './harness.mjs'

const source = await readFile(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

/** Lets axe in: the content policy lets no script in, this one comes past the page. */
export const letIn = (page) => page.evaluate(source)

/** Runs axe, all of it or some rules. Of the second theme only the colours can differ. */
export async function findings(page, only) {
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

const both = [
  ['light', undefined],
  ['dark', ['color-contrast']],
]

async function looked(page, where, themes) {
  const found = []
  for (const [theme, only] of themes) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    for (const f of await findings(page, only)) found.push(`${where}, ${theme}: ${f}`)
  }
  return found
}

/**
 * Looks at every view in both themes, going from one to the next as a person does. `before`
 * gets the page once it is there.
 */
export async function through(t, on, { lang = 'de', themes = both, expect, before } = {}) {
  const page = await open(t, on, '/ui/', { lang, expect })
  await settled(page)
  await letIn(page)
  await before?.(page)
  const found = []
  for (const view of views) {
    const link = page.locator(`nav a[href="${view.path}"]`).first()
    await link.click()
    await page
      .getByRole('heading', { level: 1, name: (await link.innerText()).trim(), exact: true })
      .waitFor()
    await settled(page)
    found.push(...(await looked(page, `${view.name}, ${lang}`, themes)))
  }
  assert.deepEqual(found, [])
}
