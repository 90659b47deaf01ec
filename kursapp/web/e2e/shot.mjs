// Takes pictures of views with headless Chromium, and tells what the console said.
//   node e2e/shot.mjs <path>… [--url http://127.0.0.1:8787] [--out shots] [--size 1280x800,390x844]
//     [--theme light,dark] [--lang de] [--wait ms] [--full] [--do "click:Lesen;wait:500"]
//     [--scenario '{"redis":false}'] [--reduced]
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8787' },
    out: { type: 'string', default: 'shots' },
    size: { type: 'string', default: '1280x800,390x844' },
    theme: { type: 'string', default: 'light,dark' },
    lang: { type: 'string', default: 'de' },
    wait: { type: 'string', default: '1200' },
    full: { type: 'boolean', default: false },
    do: { type: 'string', default: '' },
    scenario: { type: 'string' },
    reduced: { type: 'boolean', default: false },
    name: { type: 'string' },
  },
})
const mock = (path, body) =>
  fetch(`${values.url}/__mock/${path}`, { method: 'POST', body: JSON.stringify(body ?? {}) })

/** Steps such as "click:Lesen;wait:500;scenario:{"redis":false}". */
async function act(page, steps) {
  for (const step of steps.split(';').filter(Boolean)) {
    const [verb, ...rest] = step.split(':')
    const what = rest.join(':')
    if (verb === 'wait') await page.waitForTimeout(Number(what))
    else if (verb === 'click') await page.getByRole('button', { name: what }).first().click()
    else if (verb === 'text') await page.getByText(what).first().click()
    else if (verb === 'css') await page.locator(what).first().click()
    else if (verb === 'fill') await page.locator(what.split('=')[0]).first().fill(what.split('=')[1])
    else if (verb === 'key') await page.keyboard.press(what)
    else if (verb === 'scenario') await mock('scenario', JSON.parse(what))
    else if (verb === 'drop') await mock('drop')
    else throw new Error(`unknown step ${step}`)
  }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' })
mkdirSync(values.out, { recursive: true })
let bad = 0
for (const path of positionals.length ? positionals : ['/ui/']) {
  for (const size of values.size.split(',')) {
    for (const theme of values.theme.split(',')) {
      if (values.scenario) await mock('scenario', JSON.parse(values.scenario))
      const [width, height] = size.split('x').map(Number)
      const context = await browser.newContext({
        viewport: { width, height },
        deviceScaleFactor: width < 500 ? 2 : 1.5,
        colorScheme: theme,
        locale: 'en-US', // German must come all the same
        hasTouch: width < 500,
        isMobile: width < 500,
        reducedMotion: values.reduced ? 'reduce' : 'no-preference',
      })
      await context.addInitScript((lang) => localStorage.setItem('kursapp.lang', lang), values.lang)
      const page = await context.newPage()
      page.on('console', (m) => {
        if (m.type() !== 'error' && m.type() !== 'warning') return
        bad += 1
        console.log(`${path} ${size} ${theme}: ${m.type()}: ${m.text()}`)
      })
      page.on('pageerror', (err) => {
        bad += 1
        console.log(`${path} ${size} ${theme}: ${err.stack}`)
      })
      await page.goto(values.url + path, { waitUntil: 'load' })
      await page.waitForTimeout(Number(values.wait))
      await act(page, values.do)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (wide > 0) console.log(`${path} ${size} ${theme}: ${wide} px wider than the screen`)
      const name = `${values.name ?? (path.replace(/^\/ui\/?/, '').replace(/[^a-z0-9]+/gi, '-') || 'overview')}-${width}-${theme}.png`
      await page.screenshot({ path: `${values.out}/${name}`, fullPage: values.full })
      console.log(`${values.out}/${name}`)
      await context.close()
    }
  }
}
await browser.close()
process.exit(bad ? 1 : 0)
