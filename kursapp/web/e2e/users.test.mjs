// Users: found, made, changed, which removes the cache's entry, and deleted.
import assert from 'node:assert/strict'
import { button, check, demo, open, see, settled, until } from './harness.mjs'

check('a user is made, changed and deleted, and the cache follows', async (t) => {
  const page = await open(t, demo, '/ui/benutzer', { expect: /404 .*\/users\/\d+/ })
  await settled(page)
  await button(page, 'Neuer Benutzer').click()
  const dialog = page.getByRole('dialog')
  const email = `gemacht-${process.pid}@example.com`
  await dialog.getByLabel('Name', { exact: true }).fill('Neu Gemacht')
  await dialog.getByLabel('E-Mail-Adresse').fill(email)
  await dialog.getByLabel('Passwort').fill('correct horse battery')
  await button(dialog, 'Anlegen').click()
  await see(page, /Neu Gemacht ist angelegt, Nr\./)
  const id = new URL(page.url()).searchParams.get('id')
  assert.match(id, /^\d+$/)
  await see(dialog, 'MISS')
  // The outbox tells of the new user once more, which may remove what the first read left.
  await until('the cache has it', async () => {
    await button(dialog, 'Noch einmal lesen').click()
    const hit = dialog.getByText(/HIT (Redis|lokal)/)
    return hit
      .first()
      .waitFor({ timeout: 5000 })
      .then(() => true)
      .catch(() => false)
  })

  await dialog.getByLabel('Name', { exact: true }).fill('Anders Gemacht')
  await button(dialog, 'Speichern').click()
  await see(dialog, 'Gespeichert. Cache-Eintrag entfernt')
  assert.equal(await demo.redisCli('GET', `cache:user:${id}`), '')
  await button(dialog, 'Noch einmal lesen').click()
  await see(dialog, 'MISS')
  await see(dialog, /invalidiert/)

  await button(dialog, 'Löschen').click()
  await button(page.getByRole('dialog').last(), 'Anders Gemacht löschen').click()
  await see(page, 'Anders Gemacht ist gelöscht')
  assert.equal((await demo.call('GET', `/users/${id}`)).status, 404)
})

check('what the server refuses stands at its field, in the language of the page', async (t) => {
  const { email } = await demo.newUser()
  const page = await open(t, demo, '/ui/benutzer?neu=1', { lang: 'en', expect: /(409|422) .*\/users/ })
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Twice')
  await dialog.getByLabel(/mail/i).fill(email)
  await dialog.getByLabel('Password').fill('correct horse battery')
  await dialog.locator('button[type=submit]').click()
  await see(dialog, /already/i)
})

check('a search is in the URL, and the back button leaves it', async (t) => {
  const { name, email } = await demo.newUser('Suche Mich')
  const page = await open(t, demo, '/ui/benutzer')
  await settled(page)
  await page.getByPlaceholder('Name oder E-Mail-Adresse').fill(email.toUpperCase())
  await see(page, '1 Treffer auf dieser Seite')
  await page.getByRole('link', { name }).click()
  await page.getByRole('dialog').waitFor()
  await page.goBack()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await see(page, '1 Treffer auf dieser Seite')
  await page.goto(page.url())
  await see(page, '1 Treffer auf dieser Seite')
})

check('ten thousand users are paged, forwards and back', async (t) => {
  const page = await open(t, demo, '/ui/benutzer')
  await settled(page)
  const rows = page.getByRole('table', { name: 'Benutzer' }).getByRole('row')
  const first = await rows.nth(1).innerText()
  await button(page, 'Weiter').click()
  await see(page, /Nr\. 21 bis/)
  await button(page, 'Zurück').click()
  await see(page, /Nr\. 1 bis/)
  assert.equal(await rows.nth(1).innerText(), first)
})
