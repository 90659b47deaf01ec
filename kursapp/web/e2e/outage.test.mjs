// Redis goes and comes back while the page is open.
import { alive, button, check, open, see, settled, shaky, until } from './harness.mjs'

const long = /Redis ist nicht erreichbar seit|Redis nicht erreichbar/

check('Redis is killed and comes back while pages are open', async (t) => {
  const { id } = await shaky.newUser()
  const overview = await open(t, shaky, '/ui/')
  await alive(overview)
  await settled(overview)
  const cache = await open(t, shaky, `/ui/cache?user=${id}`)
  await alive(cache)
  await button(cache, 'Lesen').click()
  await see(cache, 'PostgreSQL hat geantwortet')
  const tasks = await open(t, shaky, '/ui/aufgaben', { expect: /503 / })
  await alive(tasks)
  await settled(tasks)
  const login = await open(t, shaky, '/ui/anmeldung', { expect: /503 / })
  await settled(login)

  await shaky.redis('kill')
  try {
    await see(overview, /Redis ist nicht erreichbar seit \d\d:\d\d:\d\d\. Antworten kommen aus PostgreSQL\.$/)
    await overview.getByLabel('Zustand').getByText('Redis nicht erreichbar').waitFor()
    await see(overview, /^Unbekannt seit \d\d:\d\d:\d\d$/) // the tasks, never 0
    await overview.getByRole('region', { name: 'Was gerade geht' }).getByText('Cache eingeschränkt').waitFor()

    await button(cache, 'Lesen').click()
    await see(cache, 'Redis nicht erreichbar. PostgreSQL hat geantwortet.')
    await button(cache, 'Ändern').click()
    await cache.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Ohne Redis')
    await button(cache.getByRole('dialog'), 'Speichern').click()
    await see(cache, 'Gespeichert. Cache-Eintrag entfernt')
    await see(tasks, /^Unbekannt seit/)
    // Looked at for the first time without Redis.
    const late = await open(t, shaky, '/ui/aufgaben', { expect: /503 / })
    await see(late, 'Redis ist nicht erreichbar')
  } finally {
    await shaky.redis('restart')
  }
  await see(overview, /^Alles läuft\./)
  await overview.getByText(/^Unbekannt seit/).waitFor({ state: 'detached' })
  await tasks
    .getByText(/^Unbekannt seit/)
    .first()
    .waitFor({ state: 'detached' })
  // The old entry is never served again.
  await see(cache, 'Lokaler Speicher')
  await button(cache, 'Lesen').click()
  await see(cache, /(PostgreSQL|Redis) hat geantwortet/)
  await see(cache, /"name":"Ohne Redis"/)
  await button(login, 'Als Max anmelden').click()
  await see(login, 'Dieses Gerät')
})

check('a frozen Redis makes no page wait for ever', async (t) => {
  const { id } = await shaky.newUser()
  const page = await open(t, shaky, `/ui/cache?user=${id}`, { expect: /503 / })
  await alive(page)
  await settled(page)
  await shaky.redis('freeze')
  try {
    await see(page, long)
    await button(page, 'Lesen').click()
    await see(page, 'Redis nicht erreichbar. PostgreSQL hat geantwortet.')
  } finally {
    await shaky.redis('thaw')
  }
  // It may take a moment until Redis is trusted again.
  await until('Redis is back', async () => {
    await button(page, 'Wärmen').click()
    await settled(page)
    return page.getByText('Der Eintrag liegt frisch in Redis').first().isVisible()
  })
})

check('the server freezes and dies, and the page says since when it knows nothing', async (t) => {
  const page = await open(t, shaky, '/ui/', { expect: /ERR_|Failed to load/ })
  await alive(page)
  await settled(page)
  const unknown = page
    .getByText(/^Unbekannt seit \d\d:\d\d:\d\d$/)
    .filter({ visible: true })
    .first()
  await shaky.app('freeze')
  try {
    await unknown.waitFor()
    await see(page.getByRole('banner'), 'Verbindung verloren')
    await see(page, /Keine Verbindung zum Server seit/)
  } finally {
    await shaky.app('thaw')
  }
  await alive(page)
  await unknown.waitFor({ state: 'detached' })
  await shaky.app('kill')
  try {
    await unknown.waitFor()
    await see(page.getByRole('banner'), 'Verbindung verloren')
  } finally {
    await shaky.app('restart')
  }
  await alive(page)
  await unknown.waitFor({ state: 'detached' })
  await see(page, /^Alles läuft\./)
})
