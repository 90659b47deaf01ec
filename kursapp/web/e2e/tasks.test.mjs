// Tasks: a mail travels and arrives, a dead task is not lost.
import assert from 'node:assert/strict'
import { alive, button, check, demo, open, see, settled, until } from './harness.mjs'

check('a mail is sent, travels and arrives in the mailbox', async (t) => {
  const page = await open(t, demo, '/ui/aufgaben?teil=post')
  await alive(page)
  await settled(page)
  const subject = `Hallo ${process.pid}`
  await page.getByLabel('Betreff').fill(subject)
  await button(page, 'Mail senden').click()
  await see(page, /Zugestellt nach/)
  const box = page.getByRole('region', { name: 'Postfach der Demo' })
  await box.getByText(subject).first().click()
  await see(box, /schön, dass du da bist/)
})

check('a mail that nobody can deliver dies, is found, retried and deleted', async (t) => {
  const page = await open(t, demo, '/ui/aufgaben?teil=post')
  await alive(page)
  await settled(page)
  await button(page, 'Unzustellbare senden').click()
  await see(page, /Endgültig gescheitert/)
  await button(page, 'Ansehen').click()
  const dialog = page.getByRole('dialog')
  await see(dialog, /^✕ Endgültig gescheitert nach \d+ Versuch/)
  const id = new URL(page.url()).searchParams.get('aufgabe')
  const task = async () => (await demo.call('GET', `/queues/email_queue/tasks/${id}`)).json
  const before = await task()
  assert.equal(before.state, 'dead')
  await button(dialog, 'Erneut versuchen').click()
  await see(page, '1 Aufgabe eingereiht')
  // It cannot be delivered, so it dies once more: it has run.
  await until('it died again', async () => {
    const now = await task()
    return now.state === 'dead' && now.died_at !== before.died_at
  })
  await page.goto(`/ui/aufgaben?schlange=email_queue&zustand=dead&aufgabe=${id}`)
  await button(dialog, 'Löschen').click()
  await button(page.getByRole('dialog').last(), /löschen$/i).click()
  await see(page, '1 Aufgabe gelöscht')
  assert.equal((await demo.call('GET', `/queues/email_queue/tasks/${id}`)).status, 404)
})

check('a queue is paused, shows what waits, and goes on', async (t) => {
  const page = await open(t, demo, '/ui/aufgaben?schlange=email_queue')
  await alive(page)
  await settled(page)
  let json
  const queue = page.getByRole('article').filter({ hasText: 'email_queue' })
  await button(queue, 'Anhalten').click()
  try {
    await see(queue, 'angehalten')
    ;({ json } = await demo.call('POST', '/demo/mails', {
      to: 'max@example.com',
      subject: 'Warte',
      body: 'x',
    }))
    const fresh = page.getByRole('button', { name: /neue Aufgaben? anzeigen/ })
    const row = page.getByRole('row').filter({ hasText: json.id })
    await until('the task is there', async () => {
      if (await fresh.isVisible()) await fresh.click().catch(() => {})
      return row.isVisible()
    })
    await see(row, 'Wartet')
  } finally {
    await button(queue, 'Weiterlaufen lassen').click()
  }
  // It does not leave the list while somebody looks at it.
  await see(page.getByRole('row').filter({ hasText: json.id }), /Erledigt|Nicht mehr hier/)
})
