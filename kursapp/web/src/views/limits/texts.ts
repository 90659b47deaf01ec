import { texts } from '../../i18n/texts.ts'
import { de } from './de.ts'

export const useT = texts(de, () => import('./en.ts'))
export type LimitTexts = ReturnType<typeof useT>
