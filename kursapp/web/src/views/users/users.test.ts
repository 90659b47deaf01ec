import { expect, it } from 'vitest'
import { sourceOf } from './answer.ts'
import { createTrail, idOf, parts } from './pages.ts'

const headers = (status: string, timing = '') =>
  new Headers({ 'Cache-Status': status, 'Server-Timing': timing })

it('tells who answered', () => {
  expect(sourceOf(headers('kursapp; hit; ttl=57; detail=redis', 'cache;dur=0.412'))).toEqual({
    by: 'redis',
    expired: false,
    us: 412,
  })
  expect(sourceOf(headers('kursapp; hit; detail=local', 'cache;dur=0'))?.by).toBe('local')
  expect(sourceOf(headers('kursapp; fwd=bypass; detail=database'))?.by).toBe('bypass')
  const miss = sourceOf(headers('kursapp; fwd=miss; stored; detail=database', 'cache;dur=0.5, db;dur=3'))
  expect(miss).toEqual({ by: 'database', expired: false, us: 3500 })
})

it('does not take fetched anew for an old value', () => {
  expect(sourceOf(headers('kursapp; fwd=stale; stored; detail=database'))).toMatchObject({
    by: 'database',
    expired: true,
  })
  expect(sourceOf(headers('kursapp; fwd=stale; detail=redis'))).toMatchObject({ by: 'stale' })
})

it('says nothing of headers that it does not know', () => {
  expect(sourceOf(new Headers())).toBeUndefined()
  expect(sourceOf(headers('other; hit'))).toBeUndefined()
})

it('marks every match, without regard to case', () => {
  expect(parts('Max Maxmann', 'max').map((p) => [p.text, p.match])).toEqual([
    ['Max', true],
    [' ', false],
    ['Max', true],
    ['mann', false],
  ])
  expect(parts('Max', '')).toEqual([{ text: 'Max', match: false, at: 0 }])
  // 'İ' has two code units in lower case.
  expect(parts('İx', 'x')).toEqual([{ text: 'İx', match: false, at: 0 }])
})

it('knows the way back only where one came from', () => {
  const trail = createTrail()
  trail.step('', 'b')
  trail.step('b', 'c')
  expect(trail.before('c')).toBe('b')
  expect(trail.before('b')).toBe('')
  expect(trail.before('x')).toBeUndefined()
})

it('takes for an id what is one', () => {
  expect(idOf('5')).toBe(5)
  for (const bad of [null, '', '0', '-1', '1.5', 'x', '99999999999999999999'])
    expect(idOf(bad)).toBeUndefined()
})
