// Seven tabs share one event stream; whoever leads may go; hidden tabs need none.
//   node e2e/tabs.mjs [--url …]
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values } = parseArgs({ options: { url: { type: 'string', default: 'http://127.0.0.1:8787' } } })
const streams = async () => (await (await fetch(`${values.url}/__mock/streams`)).json()).open
const until = async (what, is) => {
  const end = Date.now() + 20_000
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`never: ${what}`)
    await new Promise((done) => setTimeout(done, 100))
  }
  console.log(`ok   ${what}`)
}
const show = (page, on) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
    document.dispatchEvent(new Event('visibilitychange'))
  }, !on)
const isLive = (page) => page.locator('header').getByText('Live', { exact: true }).isVisible()

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' })
const context = await browser.newContext()
try {
  const pages = []
  for (let i = 0; i < 7; i++) {
    const page = await context.newPage()
    await page.goto(`${values.url}/ui/`)
    pages.push(page)
  }
  for (const page of pages) await until(`tab ${pages.indexOf(page) + 1} is live`, () => isLive(page))
  await until('seven tabs have one stream', async () => (await streams()) === 1)
  await pages.shift().close()
  await until('another tab leads', async () => (await streams()) === 1)
  for (const page of pages) await until('it is live still', () => isLive(page))
  for (const page of pages) await show(page, false)
  await until('hidden tabs need no stream', async () => (await streams()) === 0)
  const rows = await pages[0].locator('main ol li').first().textContent()
  await new Promise((done) => setTimeout(done, 1500))
  if ((await pages[0].locator('main ol li').first().textContent()) !== rows)
    throw new Error('a hidden tab was painted')
  await show(pages[0], true)
  await until('a tab that is looked at has one', async () => (await streams()) === 1)
  await until('and is live', () => isLive(pages[0]))
  await fetch(`${values.url}/__mock/drop`, { method: 'POST', body: '{}' })
  await until('a lost stream is noticed', async () => !(await isLive(pages[0])))
  await until('and comes back by itself', () => isLive(pages[0]))
} finally {
  await browser.close()
}
