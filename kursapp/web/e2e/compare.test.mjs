// The comparison: measured in the server and from the browser, to its end, cancelled, exported.
import assert from 'node:assert/strict'
import { button, check, demo, open, see, settled } from './harness.mjs'

check('the server compares to the end, says how much faster, and gives the figures away', async (t) => {
  const page = await open(t, demo, '/ui/vergleich?anfragen=1000')
  await settled(page)
  await button(page, /^(Vergleich starten|Noch einmal messen)$/).click()
  await see(page, 'Vergleich fertig')
  await see(page, /^Redis war hier .*Datenbank.*n\s=\s1\.000 je\sWeg/)
  const rows = page.getByRole('table').getByRole('row')
  for (const way of ['Datenbank', 'Redis', 'Lokaler Speicher']) {
    assert.match(await rows.filter({ hasText: way }).first().innerText(), /1\.000/)
  }
  // The browser may be elsewhere: what it saved comes through a stream.
  const content = async (download) => {
    const parts = []
    for await (const part of await download.createReadStream()) parts.push(part)
    return Buffer.concat(parts)
  }
  const [csv] = await Promise.all([page.waitForEvent('download'), button(page, /CSV/).click()])
  const lines = (await content(csv)).toString().trim().split('\n')
  assert.match(csv.suggestedFilename(), /\.csv$/)
  assert.ok(lines.length >= 4, lines.join('\n'))
  const [png] = await Promise.all([page.waitForEvent('download'), button(page, /PNG/).click()])
  assert.equal((await content(png)).subarray(1, 4).toString(), 'PNG')
  // Whoever comes later sees the same.
  await page.reload()
  await see(page, /n\s=\s1\.000 je\sWeg/)
})

check('a comparison is cancelled, and says that it is not whole', async (t) => {
  const page = await open(t, demo, '/ui/vergleich?anfragen=20000&gleichzeitig=1')
  await settled(page)
  await button(page, /^(Vergleich starten|Noch einmal messen)$/).click()
  await button(page, 'Abbrechen').click()
  await see(page, /Vergleich (abgebrochen|fertig)/)
})

check('the browser compares as well', async (t) => {
  const { id } = await demo.newUser()
  const page = await open(t, demo, `/ui/vergleich?art=browser&anfragen=50&benutzer=${id}`)
  await settled(page)
  await button(page, /^(Vergleich starten|Noch einmal messen)$/).click()
  await see(page, /^Der Weg über den Cache war hier .*n\s=\s50 je\sWeg/)
  await see(page, 'Am Cache vorbei')
})
