import { useSyncExternalStore } from 'react'

export interface Toast {
  id: number
  text: string
  bad: boolean
}

// Whoever reads slowly must be able to: an outcome stands for six seconds, a failure
// until it is dismissed or two more have come.
const standing = 6000
const atOnce = 3

let toasts: readonly Toast[] = []
let nextId = 1
const listeners = new Set<() => void>()

function set(next: readonly Toast[]) {
  toasts = next
  for (const tell of listeners) tell()
}

function add(text: string, bad: boolean) {
  const toast = { id: nextId++, text, bad }
  // The same words again take the place of those that stand there.
  set([...toasts.filter((t) => t.text !== text), toast].slice(-atOnce))
  announce(text)
  if (!bad) setTimeout(() => dismiss(toast.id), standing)
}

export function dismiss(id: number): void {
  if (toasts.some((t) => t.id === id)) set(toasts.filter((t) => t.id !== id))
}

/** Tells the outcome of an action, where the action itself does not show it. */
export const toast = {
  done: (text: string) => add(text, false),
  failed: (text: string) => add(text, true),
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

export const useToasts = () => useSyncExternalStore(subscribe, () => toasts)

// One polite live region for the whole page, and at most one message in five seconds: a
// screen reader must not be talked over. What comes in between is not queued but replaced,
// as only the newest outcome matters.
const quiet = 5000
let region = ''
let spokenAt = -quiet
let waiting: ReturnType<typeof setTimeout> | undefined
const hearers = new Set<() => void>()

export function announce(text: string): void {
  clearTimeout(waiting)
  const wait = Math.max(0, spokenAt + quiet - performance.now())
  waiting = setTimeout(() => {
    spokenAt = performance.now()
    // A message that is the same as the last one must change to be read again.
    region = region === text ? `${text}\u00a0` : text
    for (const tell of hearers) tell()
  }, wait)
}

export const useAnnouncement = () =>
  useSyncExternalStore(
    (tell) => {
      hearers.add(tell)
      return () => hearers.delete(tell)
    },
    () => region,
  )
