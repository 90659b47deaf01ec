import { act, cleanup, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Toaster } from './Toaster.tsx'
import { toast } from './toasts.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 })
})

afterEach(() => {
  act(() => void vi.advanceTimersByTime(60_000))
  cleanup()
  vi.useRealTimers()
})

it('speaks in one polite region, at most once in five seconds, and the newest then', () => {
  const { container } = render(<Toaster />)
  expect(container.querySelectorAll('[aria-live]')).toHaveLength(1)
  const region = screen.getByRole('status')
  act(() => {
    vi.advanceTimersByTime(10_000)
    toast.done('eins')
    vi.advanceTimersByTime(1)
  })
  expect(region.textContent).toBe('eins')
  act(() => {
    toast.done('zwei')
    toast.done('drei')
    vi.advanceTimersByTime(4000)
  })
  expect(region.textContent).toBe('eins')
  act(() => void vi.advanceTimersByTime(1500))
  expect(region.textContent).toBe('drei')
})

it('takes outcomes away after a while, and leaves failures', () => {
  render(<Toaster />)
  act(() => {
    toast.done('geschafft')
    toast.failed('gescheitert')
  })
  expect(screen.getAllByRole('listitem')).toHaveLength(2)
  act(() => void vi.advanceTimersByTime(7000))
  expect(screen.getAllByRole('listitem').map((li) => li.textContent)).toEqual(['✕gescheitert'])
})
