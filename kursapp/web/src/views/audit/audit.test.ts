import { expect, it } from 'vitest'
import type { AuditAction, AuditEntry } from '../../api/types.ts'
import { de } from './de.ts'
import en from './en.ts'
import { byDay, groupNames, kindsIn, kindsOf } from './kinds.ts'
import { sentence } from './sentence.ts'

const entry = (action: string, more: Partial<AuditEntry> = {}): AuditEntry => ({
  id: 1,
  at: '2026-01-01T12:00:00Z',
  action: action as AuditAction, // or one that a newer server has
  ...more,
})
const read = (e: AuditEntry, me?: number, t = de) =>
  sentence(e, t, me, (items) => items.join(' und '))
    .map((p) => ('user' in p ? `#${p.user}` : p.words))
    .join('')

it('says who did what to whom', () => {
  expect(
    read(entry('user_changed', { actor_id: 1, subject_id: 5, detail: { fields: ['name', 'email'] } })),
  ).toBe('#1 hat #5 geändert: Name und E-Mail-Adresse.')
  expect(
    read(entry('role_changed', { actor_id: 1, subject_id: 5, detail: { from: 'user', to: 'admin' } })),
  ).toBe('#1 hat #5 vom Benutzer zum Administrator gemacht.')
  expect(read(entry('user_deleted', { actor_id: 1, subject_id: 5 }), undefined, en as never)).toBe(
    '#1 deleted #5.',
  )
})

it('speaks to whom it is about', () => {
  expect(read(entry('login_succeeded', { actor_id: 1, subject_id: 1 }), 1)).toBe('Du hast dich angemeldet.')
  expect(read(entry('user_deleted', { actor_id: 1, subject_id: 5 }), 1)).toBe('Du hast #5 gelöscht.')
  expect(read(entry('sessions_revoked', { actor_id: 1, subject_id: 1 }), 1)).toBe(
    'Du hast die anderen eigenen Geräte abgemeldet.',
  )
  expect(read(entry('sessions_revoked', { actor_id: 1, subject_id: 1 }), 2)).toBe(
    '#1 hat die anderen eigenen Geräte abgemeldet.',
  )
})

it('names nobody where nobody was logged in', () => {
  expect(read(entry('user_changed', { subject_id: 5, detail: { fields: ['name'] } }), 1)).toBe(
    '#5 wurde geändert: Name.',
  )
  expect(read(entry('login_failed'))).toBe('Eine Anmeldung mit unbekannter Adresse ist gescheitert.')
  expect(read(entry('login_failed', { subject_id: 5 }))).toBe('Eine Anmeldung bei #5 ist gescheitert.')
})

it('has a sentence without a gap for each kind, whoever did it', () => {
  const detail = { from: 'user', to: 'admin', fields: ['name'], rule: 'data', queue: 'email_queue', count: 3 }
  const who = [{}, { subject_id: 5 }, { actor_id: 1, subject_id: 1 }, { actor_id: 1, subject_id: 5 }]
  for (const kind of groupNames.flatMap(kindsIn))
    for (const w of who)
      for (const me of [undefined, 1])
        for (const t of [de, en as never]) {
          // Those that are always about somebody have a subject.
          if (!('subject_id' in w) && !/^login_(failed|limited)$|truncated|limit_|queue_|tasks_/.test(kind))
            continue
          const said = read(entry(kind, { ...w, detail }), me, t)
          if (kind.startsWith('login_succeeded') || kind === 'logged_out' || kind.startsWith('session'))
            if (!('actor_id' in w)) continue // always done by somebody
          expect(said).toMatch(/^[A-ZÄÖÜ#].*\.$/)
          expect(said).not.toMatch(/[{}–]|undefined/)
        }
})

it('shows a kind that it does not know', () => {
  expect(read(entry('something_new', { actor_id: 1 }))).toBe('something_new')
  expect(read(entry('toString'))).toBe('toString')
})

it('takes groups and kinds from the URL, and all for what it does not know', () => {
  expect(kindsOf('sessions')).toEqual(['session_revoked', 'sessions_revoked'])
  expect(kindsOf('login_failed')).toEqual(['login_failed'])
  for (const all of [null, '', 'x', 'constructor']) expect(kindsOf(all)).toBeUndefined()
})

it('groups by the days of the calendar', () => {
  const at = (day: number, hour: number) => new Date(2026, 0, day, hour).toISOString()
  const days = byDay([at(2, 0), at(1, 23), at(1, 1)].map((when, id) => entry('x', { id, at: when })))
  expect(days.map((d) => d.entries.length)).toEqual([1, 2])
  expect(days[0]?.at).toBe(new Date(2026, 0, 2).getTime())
})
