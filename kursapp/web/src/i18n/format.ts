import { type Lang, useLang } from './lang.ts'

export interface Format {
  /** 12.345 */
  int(n: number): string
  /** 1,5: at most `digits` behind the point. */
  num(n: number, digits?: number): string
  /** 98,4 % of a share between 0 and 1. */
  percent(share: number, digits?: number): string
  /** Microseconds with the unit that fits: 0,8 µs, 640 µs, 12,4 ms, 1,3 s. Nothing takes no time: 0 is <1 µs. */
  micros(us: number): string
  /** As micros, of a figure that is estimated: ~640 µs. */
  about(us: number): string
  /** Milliseconds as micros does. */
  millis(ms: number): string
  /** 34 s, 4 min 05 s, 2 h 10 min, 3 d 4 h: for what is left or has passed. */
  span(ms: number): string
  /** 1,2 kB */
  bytes(n: number): string
  /** 12:04:31 */
  clock(ms: number): string
  /** 12:04:31,250 */
  clockMillis(ms: number): string
  /** 25.11.2025, 12:04 */
  dateTime(ms: number): string
  /** Plural category of n: one or other. */
  one(n: number): boolean
  /** A, B und C */
  list(items: string[]): string
}

const made = new Map<Lang, Format>()

/** The formats of a language. Intl objects cost milliseconds to make, so they are made once. */
export function formatOf(lang: Lang): Format {
  const known = made.get(lang)
  if (known) return known
  const locale = lang === 'de' ? 'de-DE' : 'en-GB'
  const int = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const digits = [0, 1, 2, 3].map((d) => new Intl.NumberFormat(locale, { maximumFractionDigits: d }))
  const percents = [0, 1, 2].map(
    (d) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: d }),
  )
  const clock = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  })
  const fine = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hour12: false,
  })
  const dateTime = new Intl.DateTimeFormat(locale, {
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  })
  const list = new Intl.ListFormat(locale, { type: 'conjunction' })
  const num = (n: number, d = 1) => (digits[d] ?? int).format(n)
  // Three significant digits at most: more is noise for a person.
  const short = (n: number) => num(n, n < 10 ? 2 : n < 100 ? 1 : 0)
  const micros = (us: number) => {
    if (us === 0) return '<1 µs'
    if (us < 1000) return `${short(us)} µs`
    if (us < 1_000_000) return `${short(us / 1000)} ms`
    return `${short(us / 1_000_000)} s`
  }
  const two = (n: number) => String(n).padStart(2, '0')
  const format: Format = {
    int: (n) => int.format(n),
    num,
    percent: (share, d = 1) => (percents[d] ?? percents[1] ?? int).format(share),
    micros,
    about: (us) => (us === 0 ? micros(us) : `~${micros(us)}`),
    millis: (ms) => micros(ms * 1000),
    span(ms) {
      const s = Math.max(0, Math.floor(ms / 1000))
      if (s < 100) return `${s} s`
      if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`
      if (s < 86_400) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`
      return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`
    },
    bytes(n) {
      if (n < 1000) return `${int.format(n)} B`
      if (n < 1_000_000) return `${short(n / 1000)} kB`
      if (n < 1_000_000_000) return `${short(n / 1_000_000)} MB`
      return `${short(n / 1_000_000_000)} GB`
    },
    clock: (ms) => clock.format(ms),
    clockMillis: (ms) => fine.format(ms),
    dateTime: (ms) => dateTime.format(ms),
    one: (n) => n === 1,
    list: (items) => list.format(items),
  }
  made.set(lang, format)
  return format
}

export function useFormat(): Format {
  return formatOf(useLang())
}
