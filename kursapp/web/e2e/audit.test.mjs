// The audit log: who did what, narrowed in the URL.
import assert from 'node:assert/strict'
import { button, check, demo, open, see, settled } from './harness.mjs'

check('what happens to an account is in the log, and a link narrows it', async (t) => {
  const { id, email, password } = await demo.newUser()
  await demo.call('PUT', `/users/${id}`, { name: 'Umbenannt', email })
  await demo.call('POST', '/login', { email, password: 'the wrong one' })
  await demo.call('POST', '/login', { email, password })
  const page = await open(t, demo, `/ui/protokoll?benutzer=${id}`)
  await settled(page)
  const of = id.toLocaleString('de')
  await see(page, `Das Konto Benutzer ${of} wurde angelegt.`)
  await see(page, new RegExp(`Benutzer ${of}.*geändert: Name`))
  await see(page, `Eine Anmeldung bei Benutzer ${of} ist gescheitert.`)
  await see(page, `Benutzer ${of} hat sich angemeldet.`)
  assert.doesNotMatch(await page.locator('main').innerText(), new RegExp(email), 'no address in the log')
  await page.getByLabel('Ereignis', { exact: true }).selectOption({ label: 'Anmeldung gescheitert' })
  await page.getByText(`Das Konto Benutzer ${of} wurde angelegt.`).waitFor({ state: 'detached' })
  await see(page, `Eine Anmeldung bei Benutzer ${of} ist gescheitert.`)
  await page.goBack()
  await see(page, `Das Konto Benutzer ${of} wurde angelegt.`)
  await page
    .getByRole('button', { name: /^Rohdaten von Eintrag/ })
    .first()
    .click()
  await see(page, /"action"/)
})

check('nothing fits', async (t) => {
  const page = await open(t, demo, '/ui/protokoll?benutzer=99999999')
  await see(page, 'Kein Ereignis passt zu den Filtern')
  await button(page, 'Filter entfernen').first().click()
  await page.getByText('Kein Ereignis passt zu den Filtern').waitFor({ state: 'detached' })
})
