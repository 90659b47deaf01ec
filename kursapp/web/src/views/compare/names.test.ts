import { expect, it } from 'vitest'
import { formatOf } from '../../i18n/format.ts'
import { de } from './de.ts'
import en from './en.ts'
import type { Measured, Way } from './model.ts'
import { sentenceOf } from './names.ts'

const measured = (...p50: [Way['tier'], number][]) =>
  ({ ways: p50.map(([tier, us]) => ({ tier, p50: us, n: 1000 })) }) as Measured
const german = (m: Measured) => sentenceOf(m, de, formatOf('de')).replaceAll('\u00a0', ' ')

it('says how much faster', () => {
  expect(german(measured(['database', 2400], ['redis', 300], ['local', 0.6]))).toBe(
    'Redis war hier 8-mal schneller als die Datenbank und der lokale Speicher 4.000-mal (n = 1.000 je Weg)',
  )
})

it('says that Redis was slower, and that memory was not', () => {
  expect(german(measured(['database', 10], ['redis', 46], ['local', 0.1]))).toBe(
    'Redis war hier 4,6-mal langsamer als die Datenbank und der lokale Speicher 100-mal schneller (n = 1.000 je Weg)',
  )
  expect(german(measured(['database', 10], ['redis', 10.2], ['local', 20]))).toBe(
    'Redis war hier etwa so schnell wie die Datenbank und der lokale Speicher 2-mal langsamer (n = 1.000 je Weg)',
  )
})

it('claims nothing where nothing can be compared', () => {
  expect(german(measured(['database', 10]))).toBe(
    `${de.nothing} (n = 1.000 je Weg)`.slice(0, de.nothing.length),
  )
})

it('has capital letters in English too', () => {
  const text = sentenceOf(measured(['database', 10], ['local', 1]), en, formatOf('en'))
  expect(text).toMatch(/^Local memory was 10 times faster here than the database/)
})
