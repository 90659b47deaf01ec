// The rate limit: ten are let through, five are not, and a refusal costs nothing.
import assert from 'node:assert/strict'
import { button, check, demo, open, see, settled } from './harness.mjs'

check('of fifteen requests ten are allowed and five refused, until the counter is reset', async (t) => {
  const page = await open(t, demo, '/ui/limits', { expect: /429 .*\/api\/data/ })
  await settled(page)
  await button(page, 'Meinen Zähler zurücksetzen').click()
  await see(page, 'Limit zurückgesetzt')
  await button(page, '15 senden').click()
  await see(page, /^10 erlaubt, 5 abgelehnt/)
  await page.getByRole('img', { name: '10 von 10 Plätzen belegt' }).waitFor()
  await page.getByRole('img', { name: '5 abgelehnt' }).waitFor()
  // When it is free again runs down, and the state below says the same.
  await page.getByRole('timer', { name: 'Wieder frei in' }).waitFor()
  await see(page, '0 von 10 frei')
  const key = (
    await page
      .getByText(/^rate:data:/)
      .first()
      .innerText()
  ).trim()
  assert.ok(Number(await demo.redisCli('PTTL', key)) > 0, `${key} lives in Redis`)
  await button(page, 'Meinen Zähler zurücksetzen').click()
  await see(page, '10 von 10 frei')
  await see(page, 'Alle Plätze sind frei.')
  await button(page, '15 senden').click()
  await see(page, /^10 erlaubt, 5 abgelehnt/)
  await button(page, 'Meinen Zähler zurücksetzen').click()
  await see(page, '10 von 10 frei')
})

check('the rules are listed, and a rule leads to its counter', async (t) => {
  const page = await open(t, demo, '/ui/limits')
  await settled(page)
  const rule = page.getByRole('row').filter({ hasText: 'Registrierungen' })
  await rule.getByRole('button', { name: /Stand ansehen/ }).click()
  assert.equal(new URL(page.url()).searchParams.get('regel'), 'register')
  await see(page, /rate:register:/)
  await page.goBack()
  await see(page, /rate:data:/)
})
