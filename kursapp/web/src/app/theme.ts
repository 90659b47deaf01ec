import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'

// public/theme.js reads the same name before the first paint.
const stored = 'kursapp.theme'
let theme: Theme = read()
const listeners = new Set<() => void>()

function read(): Theme {
  const set = document.documentElement.dataset.theme
  return set === 'light' || set === 'dark' ? set : 'system'
}

export function setTheme(next: Theme): void {
  theme = next
  try {
    if (next === 'system') localStorage.removeItem(stored)
    else localStorage.setItem(stored, next)
  } catch {
    // The choice then holds until the page goes.
  }
  if (next === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = next
  for (const tell of listeners) tell()
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

export const useTheme = () => useSyncExternalStore(subscribe, () => theme)
