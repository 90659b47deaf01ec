import { use } from 'react'
import { type Lang, useLang, whenEnglish } from './lang.ts'

/** The shape of a set of texts, for the other language: a missing or surplus text does not compile. */
export type Texts<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Texts<T[K]>
}

/**
 * Makes the hook of one set of texts. German comes with the code that uses it,
 * English is loaded when somebody asks for it; a view that is opened later waits for its own.
 */
export function texts<T extends object>(de: T, loadEnglish: () => Promise<{ default: Texts<T> }>) {
  let loading: Promise<Texts<T>> | undefined
  const load = () => {
    if (loading) return loading
    const begun: Promise<Texts<T>> = loadEnglish().then(
      (m) => {
        // As React keeps book of promises: of one that is marked so it has the value at once.
        Object.assign(begun, { status: 'fulfilled', value: m.default })
        return m.default
      },
      (err) => {
        loading = undefined // the next try may succeed
        throw err
      },
    )
    loading = begun
    return begun
  }
  whenEnglish(load)
  return function useTexts(): Texts<T> {
    const lang: Lang = useLang()
    if (lang === 'de') return de as Texts<T>
    // Always through use, once loaded too: a component that waited here is rendered again
    // with what it knew, and React loses count where use is not called the second time.
    return use(load())
  }
}
