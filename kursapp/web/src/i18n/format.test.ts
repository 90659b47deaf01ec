import { expect, it } from 'vitest'
import { formatOf } from './format.ts'

const de = formatOf('de')
const en = formatOf('en')

it('writes durations with the unit that fits and three digits at most', () => {
  expect(de.micros(0.62)).toBe('0,62 µs')
  expect(de.micros(420)).toBe('420 µs')
  expect(de.micros(1234)).toBe('1,23 ms')
  expect(de.micros(12_345)).toBe('12,3 ms')
  expect(de.micros(0)).toBe('<1 µs')
  expect(de.about(0)).toBe('<1 µs')
  expect(de.about(420)).toBe('~420 µs')
  expect(en.micros(2_500_000)).toBe('2.5 s')
})

it('writes what is left without seconds that nobody needs', () => {
  expect(de.span(34_900)).toBe('34 s')
  expect(de.span(60_000)).toBe('60 s')
  expect(de.span(245_000)).toBe('4 min 05 s')
  expect(de.span(7_800_000)).toBe('2 h 10 min')
  expect(de.span(-5)).toBe('0 s')
})

it('writes numbers in the language', () => {
  expect(de.int(12_345)).toBe('12.345')
  expect(en.int(12_345)).toBe('12,345')
  expect(de.percent(0.984).replace(/\s/, ' ')).toBe('98,4 %')
})
