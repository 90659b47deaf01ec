import type { Tone } from '../../ui/tone.ts'

/** Who answered a read, as its headers say. */
export interface Source {
  by: Exclude<Tone, 'error'>
  /** Its time was over, and it was fetched anew. */
  expired: boolean
  /** How long the server took, in microseconds; undefined where it did not say. */
  us: number | undefined
}

/** Reads Cache-Status and Server-Timing. undefined where they say nothing that is known. */
export function sourceOf(headers: Headers): Source | undefined {
  const words = (headers.get('Cache-Status') ?? '').split(';').map((w) => w.trim())
  const detail = words.find((w) => w.startsWith('detail='))?.slice('detail='.length)
  const us = timeOf(headers.get('Server-Timing') ?? '')
  const expired = words.includes('fwd=stale')
  if (detail === 'database') return { by: words.includes('fwd=bypass') ? 'bypass' : 'database', expired, us }
  if (detail !== 'redis' && detail !== 'local') return undefined
  return { by: expired ? 'stale' : detail, expired: false, us }
}

function timeOf(timing: string): number | undefined {
  const parts = [...timing.matchAll(/dur=([\d.]+)/g)].map((m) => Number(m[1]) * 1000)
  return parts.length > 0 ? parts.reduce((a, b) => a + b) : undefined
}
