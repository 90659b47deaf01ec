import { useSyncExternalStore } from 'react'

export type Lang = 'de' | 'en'

const stored = 'kursapp.lang'

// German, whatever the browser prefers: the course is held in it. Only the switch changes that.
let lang: Lang = read()
let wanted = lang
const listeners = new Set<() => void>()

// What loads the English texts of the parts that have been loaded so far.
const english = new Set<() => Promise<unknown>>()

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

/** Tells how a set of English texts is loaded, so that a switch can wait for it. */
export function whenEnglish(load: () => Promise<unknown>): void {
  english.add(load)
}

const loadAll = () => Promise.all([...english].map((load) => load()))

/** Waits for the texts that the first paint needs. Where they cannot be had it is German. */
export async function firstTexts(): Promise<void> {
  if (lang === 'en') await loadAll().catch(() => apply('de'))
}

/**
 * Switches once the texts are there: until then the old ones stay. A component that waits
 * for them while it stands there would make the whole page start anew.
 */
export async function setLang(next: Lang): Promise<void> {
  wanted = next
  if (next === 'en') {
    try {
      await loadAll()
    } catch (err) {
      wanted = lang
      throw err
    }
  }
  if (wanted !== next || next === lang) return
  try {
    localStorage.setItem(stored, next)
  } catch {
    // The choice then holds until the page goes.
  }
  apply(next)
}

function apply(next: Lang) {
  lang = next
  wanted = next
  document.documentElement.lang = next
  for (const tell of listeners) tell()
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

export function useLang(): Lang {
  return useSyncExternalStore(subscribe, currentLang)
}
