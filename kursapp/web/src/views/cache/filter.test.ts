import { expect, it } from 'vitest'
import type { LogEvent } from '../../api/types.ts'
import { fits, kinds, kindsIn, kindsText } from './filter.ts'

const event = (kind: LogEvent['kind'], key = 'cache:user:1') => ({ kind, key }) as LogEvent

it('wants everything unless something is named', () => {
  expect([...kindsIn(null)]).toEqual([...kinds])
  expect([...kindsIn('nonsense')]).toEqual([...kinds])
  expect(kindsText(kindsIn(''))).toBe('')
})

it('goes through the URL unchanged', () => {
  expect(kindsText(kindsIn('fill,hit'))).toBe('hit,fill')
})

it('counts a refused fill as a fill and leaves tasks to their own view', () => {
  expect(fits(event('fill_refused'), kindsIn('fill'), undefined)).toBe(true)
  expect(fits(event('load'), kindsIn('other'), undefined)).toBe(true)
  expect(fits(event('task_done'), kindsIn(null), undefined)).toBe(false)
  expect(fits(event('hit'), kindsIn('hit'), 'cache:user:2')).toBe(false)
})
