// Logging in and out, devices, a session that ends, a forgotten password.
import assert from 'node:assert/strict'
import { account, button, check, demo, open, production, see, settled, until } from './harness.mjs'

const logIn = async (page, email, password) => {
  await page.getByLabel('E-Mail-Adresse').fill(email)
  await page.getByLabel('Passwort', { exact: true }).fill(password)
  await button(page.locator('form'), 'Anmelden').click()
}

check('register, log out, log in: with a cookie that no script sees', async (t) => {
  const page = await open(t, demo, '/ui/anmeldung')
  await settled(page)
  await page.getByRole('radio', { name: 'Registrieren' }).check()
  const email = `neu-${process.pid}@example.com`
  await page.getByLabel('Name', { exact: true }).fill('Neu Hier')
  await page.getByLabel('E-Mail-Adresse').fill(email)
  await page.getByLabel('Passwort', { exact: true }).fill('correct horse battery')
  await button(page, 'Konto anlegen').click()
  await see(page, /Willkommen, Neu Hier!/)
  await see(page, 'Dieses Gerät')
  const stored = await page.evaluate(() =>
    [document.cookie, ...Object.values(localStorage), ...Object.values(sessionStorage)].join('\n'),
  )
  const cookies = await page.context().cookies()
  const session = cookies.find((c) => c.httpOnly)
  assert.ok(session, 'there is a cookie that scripts cannot read')
  assert.ok(!stored.includes(session.value), 'no script sees the token')
  await page.locator('main').getByRole('button', { name: 'Abmelden', exact: true }).first().click()
  await logIn(page, email, 'correct horse battery')
  await see(page, 'Dieses Gerät')
})

check('a wrong password is refused in the language of the page', async (t) => {
  const page = await open(t, demo, '/ui/anmeldung', { expect: /401 .*\/web\/login/ })
  await logIn(page, 'max@example.com', 'not the password')
  await see(page.locator('form'), /Passwort.*(falsch|ungültig)|(falsch|ungültig).*Passwort|Ungültige/i)
})

check('another device is logged out, and notices', async (t) => {
  const who = await demo.newUser()
  const here = await open(t, demo, '/ui/anmeldung')
  await logIn(here, who.email, who.password)
  await see(here, 'Dieses Gerät')
  const there = await open(t, demo, '/ui/anmeldung', { expect: /401 / })
  await logIn(there, who.email, who.password)
  await see(there, '2 Geräte sind angemeldet')
  await button(here, 'Neu laden').click()
  await see(here, '2 Geräte sind angemeldet')
  await button(here, 'Überall abmelden').click()
  await button(here.getByRole('dialog'), '1 Gerät abmelden').click()
  await see(here, '1 Gerät ist angemeldet')
  // The other window notices with the next thing that it asks for.
  await button(there, 'Neu laden').click()
  await see(there, 'Deine Sitzung wurde beendet.')
  await see(there, 'Als Max anmelden')
})

check('a session that has expired is noticed while the page is open', async (t) => {
  const page = await open(t, production, '/ui/anmeldung', { expect: /401 / })
  await logIn(page, account.brief, account.password)
  await see(page, 'Dieses Gerät')
  await page.goto('/ui/')
  await page.getByRole('heading', { level: 1, name: 'Überblick' }).waitFor()
  await settled(page)
  // What Redis does at the end of a session's time.
  const { json } = await production.call('POST', '/login', {
    email: account.brief,
    password: account.password,
  })
  const me = await production.call('GET', '/profile', undefined, { Authorization: `Bearer ${json.token}` })
  for (const key of (await production.redisCli('KEYS', 'session:*')).split('\n')) {
    const whose = await production.redisCli('HGET', key, 'user_id')
    if (whose === me.json.user_id) await production.redisCli('DEL', key)
  }
  await see(page, /Deine Sitzung (ist abgelaufen|wurde beendet)/)
  await see(page, 'Nur für Administratoren')
  // And after the next login it goes on where one was.
  await page.locator('main').getByRole('link', { name: 'Zur Anmeldung' }).click()
  await logIn(page, account.brief, account.password)
  await page.getByRole('heading', { level: 1, name: 'Überblick' }).waitFor()
})

check('a forgotten password is reset with the code from the mail', async (t) => {
  const who = await production.newUser('Vergessen')
  const page = await open(t, production, '/ui/anmeldung')
  await settled(page)
  await button(page, /Passwort vergessen/).click()
  await page.getByLabel('E-Mail-Adresse').fill(who.email)
  await button(page, 'Code anfordern').click()
  const code = await until('the mail has come', async () => {
    const mails = await production.mails(who.email)
    return mails.map((m) => /\b[A-Z2-7]{26}\b/.exec(m)?.[0]).find(Boolean)
  })
  await page.getByRole('link', { name: 'Ich habe einen Code' }).click()
  await page.locator('#code').fill(code)
  await page.locator('#password').fill('another horse battery')
  await page.locator('#submit').click()
  await until('the new password counts', async () => {
    const { status } = await production.call('POST', '/login', {
      email: who.email,
      password: 'another horse battery',
    })
    return status === 200
  })
  assert.equal(
    (await production.call('POST', '/login', { email: who.email, password: who.password })).status,
    401,
  )
})

check('the password is changed, and the other devices are out', async (t) => {
  const who = await demo.newUser()
  const page = await open(t, demo, '/ui/anmeldung')
  await logIn(page, who.email, who.password)
  await see(page, 'Dieses Gerät')
  const { json } = await demo.call('POST', '/login', { email: who.email, password: who.password })
  await page.getByLabel('Bisheriges Passwort').fill(who.password)
  await page.getByLabel('Neues Passwort').fill('a new horse battery')
  await button(page, 'Passwort ändern').click()
  await see(page, /^Passwort geändert/)
  const other = await demo.call('GET', '/profile', undefined, { Authorization: `Bearer ${json.token}` })
  assert.equal(other.status, 401)
})
