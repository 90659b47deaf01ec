import { useLang } from '../../i18n/lang.ts'
import { useT } from './texts.ts'

const formats = {
  de: new Intl.DateTimeFormat('de-DE', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
  en: new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
}

/** How a person calls a day. */
export function useDayName(): (day: number, now: number) => string {
  const t = useT()
  const lang = useLang()
  return (day, now) => {
    const today = new Date(now)
    const at = new Date(day)
    const is = (back: number) =>
      new Date(today.getFullYear(), today.getMonth(), today.getDate() - back).getTime() === at.getTime()
    if (is(0)) return t.today
    return is(1) ? t.yesterday : formats[lang].format(at)
  }
}
