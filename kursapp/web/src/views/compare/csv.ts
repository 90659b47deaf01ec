import type { Measured, Way } from './model.ts'

const columns: [string, (w: Way) => string | number][] = [
  ['way', (w) => w.tier],
  ['via', (w) => w.via ?? ''],
  ['n', (w) => w.n],
  ['errors', (w) => w.errors],
  ['p50_us', (w) => w.p50],
  ['p90_us', (w) => w.p90],
  ['p99_us', (w) => w.p99],
  ['min_us', (w) => w.min],
  ['mean_us', (w) => w.mean],
  ['max_us', (w) => w.max],
  ['per_second', (w) => w.throughput],
  ['server_p50_us', (w) => w.serverP50 ?? ''],
]

/** A measurement as CSV (RFC 4180): a machine reads it, so points and commas do not depend on the language. */
export function csvOf(m: Measured): string {
  const common: [string, string | number][] = [
    ['measured_in', m.where],
    ['measured_at', new Date(m.at).toISOString()],
    ['concurrency', m.concurrency],
    ['machine', m.machine.join(', ')],
  ]
  const head = [...columns.map((c) => c[0]), ...common.map((c) => c[0])]
  const rows = m.ways.map((w) => [...columns.map((c) => c[1](w)), ...common.map((c) => c[1])])
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(value: string | number): string {
  // Nanoseconds are as exact as any clock here is.
  if (typeof value === 'number') return String(Math.round(value * 1000) / 1000)
  // A cell must not begin as a formula does: spreadsheets would run it.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
