// Puts 200 events a second on the page for a while and measures how it bears them.
//   node e2e/load.mjs [seconds] [--url …]
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8787' },
    path: { type: 'string', default: '/ui/cache' },
  },
})
const seconds = Number(positionals[0] ?? 60)
const mock = (scenario) =>
  fetch(`${values.url}/__mock/scenario`, { method: 'POST', body: JSON.stringify(scenario) })

await mock({ flood: 200, traffic: 0 })
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' })
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
await page.goto(values.url + values.path)
await page.waitForTimeout(3000)
const client = await page.context().newCDPSession(page)
await client.send('HeapProfiler.enable')
const heap = async () => {
  await client.send('HeapProfiler.collectGarbage')
  const { usedSize } = await client.send('Runtime.getHeapUsage')
  return usedSize / 1e6
}
// Paints of React, as changes of the document in one frame.
await page.evaluate(() => {
  window.paints = 0
  let frame = 0
  new MutationObserver(() => {
    if (frame) return
    frame = requestAnimationFrame(() => {
      frame = 0
      window.paints += 1
    })
  }).observe(document.querySelector('main ol[aria-label]') ?? document.body, { childList: true })
})
const before = await heap()
const waits = []
const until = Date.now() + seconds * 1000
while (Date.now() < until) {
  const t = await page.evaluate(
    () =>
      new Promise((done) => {
        const from = performance.now()
        document.querySelector('nav a')?.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }))
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)))
      }),
  )
  waits.push(t)
  await page.waitForTimeout(100)
}
waits.sort((a, b) => a - b)
const paints = await page.evaluate(() => window.paints)
console.log(`heap ${before.toFixed(1)} → ${(await heap()).toFixed(1)} MB`)
console.log(
  `to the next frame p50 ${waits[Math.floor(waits.length / 2)].toFixed(0)} ms, worst ${waits.at(-1).toFixed(0)} ms`,
)
console.log(`${(paints / seconds).toFixed(1)} paints of the log a second`)
await mock({ flood: 0, traffic: 1 })
await browser.close()
