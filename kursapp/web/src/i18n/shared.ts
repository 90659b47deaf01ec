import { de } from './de.ts'
import { texts } from './texts.ts'

/** The texts of the shell and of what all views share. */
export const useShared = texts(de, () => import('./en.ts'))
