import { startTransition, useSyncExternalStore } from 'react'

export type Lang = 'de' | 'en'

const stored = 'kursapp.lang'

// German, whatever the browser prefers: the course is held in it. Only the switch changes that.
let lang: Lang = read()
const listeners = new Set<() => void>()

function read(): Lang {
  try {
    return localStorage.getItem(stored) === 'en' ? 'en' : 'de'
  } catch {
    return 'de'
  }
}

export function currentLang(): Lang {
  return lang
}

export function setLang(next: Lang): void {
  if (next === lang) return
  lang = next
  try {
    localStorage.setItem(stored, next)
  } catch {
    // The choice then holds until the page goes.
  }
  document.documentElement.lang = next
  // The old texts stay until the new ones are loaded.
  startTransition(() => {
    for (const tell of listeners) tell()
  })
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

export function useLang(): Lang {
  return useSyncExternalStore(subscribe, currentLang)
}
