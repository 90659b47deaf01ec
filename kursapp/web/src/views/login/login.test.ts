import { expect, it } from 'vitest'
import type { Device } from '../../api/types.ts'
import { ago, inOrder } from './devices.ts'
import { goOn, wayOf } from './where.ts'

it('goes on within the dashboard and nowhere else', () => {
  expect(goOn('/benutzer?id=5')).toBe('/benutzer?id=5')
  expect(goOn('/')).toBe('/')
  for (const bad of [
    null,
    '',
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    'javascript:1',
    '/anmeldung?weiter=/',
  ])
    expect(goOn(bad)).toBeUndefined()
})

it('shows the login where the URL asks for nothing it knows', () => {
  expect(wayOf(null)).toBe('login')
  expect(wayOf('registrieren')).toBe('register')
  expect(wayOf('vergessen')).toBe('forgot')
  expect(wayOf('x')).toBe('login')
})

it('lists this device first, then those used last', () => {
  const device = (id: string, last_seen_at: string, current = false) =>
    ({ id, last_seen_at, current }) as Device
  const list = [
    device('old', '2026-01-01T10:00:00Z'),
    device('new', '2026-01-01T12:00:00Z'),
    device('here', '2026-01-01T11:00:00Z', true),
  ]
  expect(inOrder(list).map((d) => d.id)).toEqual(['here', 'new', 'old'])
})

it('does not pretend to know seconds of what is known to the minute', () => {
  const span = (ms: number) => `${ms / 3_600_000} h`
  expect(ago(0, 80_000, span)).toBe('')
  expect(ago(0, 245_000, span)).toBe('4 min')
  expect(ago(0, 7_200_000, span)).toBe('2 h')
})
