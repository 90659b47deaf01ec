import type { Texts } from '../i18n/texts.ts'
import type { de } from './de.ts'

const en: Texts<typeof de> = {
  expired: 'Your session has expired. Log in again.',
  revoked: 'Your session was ended. Log in again.',
}

export default en
