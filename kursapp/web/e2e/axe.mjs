// Runs axe over views, themes and languages, with Redis there and gone, and with nothing there yet.
//   node e2e/axe.mjs <path>… [--url http://127.0.0.1:8787]
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string', default: 'http://127.0.0.1:8787' } },
})
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const mock = (scenario) =>
  fetch(`${values.url}/__mock/scenario`, { method: 'POST', body: JSON.stringify(scenario) })
const paths = positionals.length
  ? positionals
  : [
      '/ui/',
      '/ui/cache',
      '/ui/vergleich',
      '/ui/anmeldung',
      '/ui/limits',
      '/ui/aufgaben',
      '/ui/benutzer',
      '/ui/protokoll',
    ]

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' })
let bad = 0
for (const redis of [true, false]) {
  await mock({ redis })
  for (const theme of ['light', 'dark']) {
    for (const lang of ['de', 'en']) {
      for (const width of [1280, 390]) {
        const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme })
        await context.addInitScript((l) => localStorage.setItem('kursapp.lang', l), lang)
        for (const path of paths) {
          const page = await context.newPage()
          page.on('console', (m) => {
            if (m.type() === 'error') {
              bad += 1
              console.log(`${path} console: ${m.text()}`)
            }
          })
          await page.goto(values.url + path)
          await page.locator('main h1').waitFor()
          await page.waitForTimeout(900)
          await page.evaluate(axe)
          const { violations } = await page.evaluate(() =>
            window.axe.run(document, { resultTypes: ['violations'] }),
          )
          for (const v of violations) {
            bad += 1
            console.log(`${path} ${theme} ${lang} ${width} redis=${redis}: ${v.id}: ${v.help}`)
            for (const n of v.nodes.slice(0, 3))
              console.log(`    ${n.target.join(' ')} ${n.any[0]?.message ?? ''}`)
          }
          await page.close()
        }
        await context.close()
      }
    }
  }
}
await mock({ redis: true })
await browser.close()
console.log(bad ? `${bad} findings` : 'no findings')
process.exit(bad ? 1 : 0)
