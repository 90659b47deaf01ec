// The overview: health, figures, and what happens.
import { alive, check, demo, open, settled, until } from './harness.mjs'

check('the overview says that all is well, and shows who answers', async (t) => {
  const page = await open(t, demo, '/ui/')
  await alive(page)
  await settled(page)
  for (const part of ['PostgreSQL', 'Redis']) {
    await page.getByLabel('Zustand').getByText(`${part} erreichbar`).waitFor()
  }
  await page.getByLabel('Zustand').getByText('Worker läuft').waitFor()
  for (const feature of ['Cache', 'Sitzungen', 'Rate Limits', 'Aufgaben']) {
    await page.getByRole('region', { name: 'Was gerade geht' }).getByText(`${feature} normal`).waitFor()
  }
  const { id } = await demo.newUser()
  const shown = (where, text) => where.getByText(text).filter({ visible: true }).first().isVisible()
  const events = page.getByLabel('Letzte Ereignisse')
  // The reads reach the figures and the events without a reload. Others work on this server
  // too, and push what happened out of the few lines that there are.
  for (const [what, there] of [
    ['the figures', () => shown(page, /von [1-9]\d* Antworten in 60 s/)],
    ['the sentence', () => shown(page, /^Alles läuft\. \d+([,.]\d+)?\s%\sder Antworten kamen aus dem Cache/)],
    ['the events', () => shown(events, `cache:user:${id}`)],
  ]) {
    await until(what, async () => {
      await demo.call('GET', `/users/${id}`)
      return there()
    })
  }
})

check('looking at the dashboard counts in no figure', async (t) => {
  const { id } = await demo.newUser()
  const page = await open(t, demo, `/ui/cache?user=${id}`)
  await alive(page)
  await settled(page)
  const reads = () => page.evaluate(() => document.querySelector('main')?.innerText ?? '')
  // The inspection shows an empty cache, however often it is looked at.
  await until('the box is empty', async () => (await reads()).includes('leer'))
  for (let i = 0; i < 3; i++) {
    await page.reload()
    await settled(page)
  }
  const seen = await demo.call('GET', `/cache/users/${id}`)
  if (seen.json.redis.present || seen.json.local.present)
    throw new Error(`looking filled the cache: ${seen.text}`)
})
