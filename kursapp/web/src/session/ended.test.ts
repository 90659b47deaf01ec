import { expect, it } from 'vitest'
import { endOf, expectEnd, noteWho } from './ended.ts'

const at = Date.parse('2026-01-01T12:00:00Z')
const user = { id: 1, name: 'Max', email: 'max@example.com', role: 'admin' as const }
const loggedIn = {
  user,
  session: {
    id: 's',
    began_at: '2026-01-01T11:30:00Z',
    idle_ends_at: '2026-01-01T12:00:00Z',
    ends_at: '2026-01-02T11:30:00Z',
  },
  session_unknown: false,
}
const nobody = { user: null, session: null, session_unknown: false }

it('tells a session that ran out from one that was ended', () => {
  expect(endOf(loggedIn, nobody, at + 200)).toBe('expired')
  expect(endOf(loggedIn, nobody, at - 60_000)).toBe('revoked')
})

it('says nothing where there was no session, or where it goes on', () => {
  expect(endOf(undefined, nobody, at)).toBeUndefined()
  expect(endOf(nobody, nobody, at)).toBeUndefined()
  expect(endOf(loggedIn, loggedIn, at)).toBeUndefined()
})

it('does not take a Redis that is gone for an end', () => {
  expect(endOf(loggedIn, { ...nobody, session_unknown: true }, at + 200)).toBeUndefined()
})

it('does not tell of a logout, but of what ends after it', () => {
  expectEnd()
  expect(noteWho(loggedIn, nobody, at - 1)).toBeUndefined()
  expect(noteWho(nobody, loggedIn, at)).toBeUndefined()
  expect(noteWho(loggedIn, nobody, at + 1)).toBe('expired')
})
