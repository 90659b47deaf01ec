import { expect, it } from 'vitest'
import { parseCacheStatus, parseServerTiming } from './headers.ts'

it('reads a hit', () => {
  expect(parseCacheStatus('kursapp; hit; ttl=57; detail=redis')).toEqual({
    hit: true,
    forward: '',
    ttl: 57,
    stored: false,
    collapsed: false,
    tier: 'redis',
  })
})

it('reads a miss that was stored and shared', () => {
  expect(parseCacheStatus('kursapp; fwd=miss; stored; collapsed; detail=database')).toEqual({
    hit: false,
    forward: 'miss',
    ttl: undefined,
    stored: true,
    collapsed: true,
    tier: 'database',
  })
})

it('knows nothing where the header is missing', () => {
  expect(parseCacheStatus(null)).toBeUndefined()
  expect(parseServerTiming(null)).toBeUndefined()
})

it('reads times, and that the database was not asked', () => {
  expect(parseServerTiming('cache;dur=0.6, db;dur=2.41')).toEqual({ cache: 600, database: 2410 })
  expect(parseServerTiming('cache;dur=0')).toEqual({ cache: 0, database: undefined })
})
