// The overview: health, figures, and what happens.
import { alive, check, demo, open, see, settled, until } from './harness.mjs'

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
  for (let i = 0; i < 4; i++) await demo.call('GET', `/users/${id}`)
  // The reads reach the figures and the events without a reload.
  await see(page, /von [1-9]\d* Antworten in 60 s/)
  await see(page, /^Alles läuft\. \d+\s%\sder Antworten kamen aus dem Cache/)
  await page.getByLabel('Letzte Ereignisse').getByText(`cache:user:${id}`).first().waitFor()
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
