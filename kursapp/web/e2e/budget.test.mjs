// What a visitor loads, measured at what the real server sends.
import assert from 'node:assert/strict'
import { check, demo, open, see } from './harness.mjs'

const most = 180_000 // bytes of gzip

check('the first load stays within its budget, compressed, and nothing comes from elsewhere', async (t) => {
  const page = await open(t, demo, 'about:blank')
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.enable')
  const bodies = new Map() // by request: bytes of the body as they came
  const answers = new Map()
  cdp.on('Network.responseReceived', (e) => answers.set(e.requestId, e.response))
  cdp.on('Network.dataReceived', (e) =>
    bodies.set(e.requestId, (bodies.get(e.requestId) ?? 0) + e.encodedDataLength),
  )
  const began = performance.now()
  await page.goto('/ui/', { waitUntil: 'commit' })
  await page.getByRole('heading', { level: 1, name: 'Überblick' }).waitFor()
  const seen = performance.now() - began
  await see(page.getByRole('banner'), /^Live$/)
  const first = [...answers]
  const clicked = performance.now()
  await page.getByRole('link', { name: 'Rate Limit' }).click()
  await page.getByRole('heading', { level: 1, name: 'Rate Limit' }).waitFor()
  const view = performance.now() - clicked
  let sum = 0
  const files = []
  for (const [id, response] of first) {
    const { origin, pathname } = new URL(response.url)
    assert.equal(origin, demo.base, `${response.url} comes from elsewhere`)
    if (!pathname.startsWith('/ui/')) continue
    const size = bodies.get(id) ?? 0
    sum += size
    files.push(`${pathname} ${size}`)
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    if (/\.(js|css)$/.test(pathname) && size > 1000)
      assert.match(headers['content-encoding'] ?? '', /gzip|br|zstd/, pathname)
  }
  console.log(
    `first load ${(sum / 1000).toFixed(1)} KB of ${most / 1000}; ${files.length} files; heading after ${seen.toFixed(0)} ms, another view after ${view.toFixed(0)} ms`,
  )
  assert.ok(files.length >= 3, `only ${files.join(', ')}`)
  assert.ok(sum <= most, `${sum} bytes:\n${files.join('\n')}`)
  await see(page, 'Regeln')
})
