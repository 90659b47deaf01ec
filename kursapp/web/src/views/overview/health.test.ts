import { expect, it } from 'vitest'
import type { Status } from '../../api/types.ts'
import { healthOf } from './health.ts'

const status = (database: boolean, redis: boolean, worker: boolean | null = true) =>
  ({ database: { ok: database, since: 1 }, redis: { ok: redis, since: 2 }, worker: { ok: worker } }) as Status

it('says the worst first', () => {
  expect(healthOf({ known: true, since: undefined, status: status(false, false) })).toEqual({
    is: 'database',
    since: 1,
  })
  expect(healthOf({ known: true, since: undefined, status: status(true, false, null) })).toEqual({
    is: 'redis',
    since: 2,
  })
  expect(healthOf({ known: true, since: undefined, status: status(true, true, false) })).toEqual({
    is: 'worker',
  })
  expect(healthOf({ known: true, since: undefined, status: status(true, true) })).toEqual({ is: 'fine' })
})

it('does not call a server well that it does not hear', () => {
  expect(healthOf({ known: false, since: 9, status: status(true, true) })).toEqual({ is: 'lost', since: 9 })
  expect(healthOf({ known: false, since: undefined, status: undefined })).toEqual({ is: 'waiting' })
})
