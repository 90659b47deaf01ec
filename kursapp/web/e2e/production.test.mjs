// In production: what the anonymous, a user and an administrator may see.
import assert from 'node:assert/strict'
import { account, alive, button, check, open, production, see, settled, views } from './harness.mjs'

const logIn = async (page, email) => {
  await page.getByLabel('E-Mail-Adresse').fill(email)
  await page.getByLabel('Passwort', { exact: true }).fill(account.password)
  await button(page.locator('form'), 'Anmelden').click()
  await see(page, 'Dieses Gerät')
}
const closed = ['overview', 'cache', 'compare', 'tasks', 'audit']

check('the anonymous sees who may, and how to log in, without an error in the console', async (t) => {
  const page = await open(t, production, '/ui/')
  for (const view of views) {
    await page.goto(view.path)
    await page.locator('main h1').waitFor()
    await settled(page)
    const refused = await page.getByText('Nur für Administratoren').first().isVisible()
    assert.equal(refused, closed.includes(view.name), `${view.name} is ${refused ? '' : 'not '}refused`)
  }
  const links = await page.getByRole('navigation', { name: 'Ansichten' }).getByRole('link').allInnerTexts()
  assert.deepEqual(links.map((l) => l.trim()).filter(Boolean), [
    'Anmeldung & Sitzungen',
    'Rate Limit',
    'Benutzer',
  ])
})

check('a user sees its own account and no more', async (t) => {
  const page = await open(t, production, '/ui/anmeldung')
  await logIn(page, account.user)
  for (const view of views) {
    await page.goto(view.path)
    await page.locator('main h1').waitFor()
    await settled(page)
    const refused = await page.getByText('Nur für Administratoren').first().isVisible()
    assert.equal(refused, closed.includes(view.name), `${view.name} is ${refused ? '' : 'not '}refused`)
  }
  await page.goto('/ui/benutzer')
  await page.getByRole('heading', { level: 1, name: 'Dein Konto' }).waitFor()
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Max')
  await page.goto('/ui/limits')
  await settled(page)
  await button(page, '15 senden').waitFor()
  assert.equal(await button(page, 'Meinen Zähler zurücksetzen').count(), 0)
})

check('an administrator sees everything, live', async (t) => {
  const page = await open(t, production, '/ui/anmeldung')
  await logIn(page, account.admin)
  for (const view of views) {
    await page.goto(view.path)
    await page.getByRole('heading', { level: 1, name: view.title }).waitFor()
    await settled(page)
    assert.equal(await page.getByText('Nur für Administratoren').count(), 0, view.name)
  }
  await alive(page)
})
