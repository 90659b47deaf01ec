import { expect, it } from 'vitest'
import { sparkPaths } from './spark.ts'

const box = { width: 100, height: 23, places: 5, atLeast: 1 }

it('leaves a gap where nothing is known', () => {
  const [line] = sparkPaths([{ tone: 'local', values: [1, 1, null, 1, 1] }], box)
  expect(line?.stroke.match(/M/g)).toHaveLength(2)
})

it('leaves the past that is not known empty at the left', () => {
  const [line] = sparkPaths([{ tone: 'local', values: [2, 2] }], box)
  expect(line?.stroke).toBe('M75.0 2.0L100.0 2.0')
})

it('measures all lines with one scale that begins at 0', () => {
  const [high, low] = sparkPaths(
    [
      { tone: 'local', values: [10, 10] },
      { tone: 'redis', values: [5, 0] },
    ],
    box,
  )
  expect(high?.stroke).toBe('M75.0 2.0L100.0 2.0')
  expect(low?.stroke).toBe('M75.0 12.0L100.0 22.0')
})

it('shows a value that stands alone as a dot', () => {
  const [line] = sparkPaths([{ tone: 'local', values: [null, 1, null] }], box)
  expect(line?.stroke).toBe('M75.0 2.0L75.0 2.0')
})
