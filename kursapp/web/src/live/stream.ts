import type { LiveEvents } from '../api/types.ts'
import type { Told } from './model.ts'

export interface StreamHandlers {
  told(told: Told): void
  /** The stream is gone; a new try is on its way. */
  lost(): void
  /** The server ended the stream for good, because the session may no longer watch. */
  ended(): void
}

// Distances between tries: short at first, as most losses are a restart.
const backoff = [500, 1000, 2000, 4000, 8000, 15_000]
// The server sends a sample each second. A connection that says nothing for so long is dead,
// even where no error has come.
const deadAfter = 10_000

/** Keeps one event stream open until the returned function is called. */
export function openStream(url: string, on: StreamHandlers): () => void {
  let source: EventSource | undefined
  let tries = 0
  let retry: ReturnType<typeof setTimeout> | undefined
  let watchdog: ReturnType<typeof setTimeout> | undefined
  let closed = false

  const shut = () => {
    source?.close()
    source = undefined
    clearTimeout(watchdog)
  }
  const again = () => {
    if (closed) return
    shut()
    on.lost()
    const base = backoff[Math.min(tries, backoff.length - 1)] ?? 15_000
    tries += 1
    // Spread out, so that a hundred pages do not come back in the same instant.
    retry = setTimeout(open, base * (0.75 + Math.random() / 2))
  }
  const alive = () => {
    clearTimeout(watchdog)
    watchdog = setTimeout(again, deadAfter)
  }

  function open() {
    source = new EventSource(url)
    alive()
    source.onerror = again
    const listen = (type: Told['type']) =>
      source?.addEventListener(type, (e: MessageEvent<string>) => {
        alive()
        if (type === 'hello') tries = 0
        // Each type has its shape; the server is ours.
        on.told({ type, data: JSON.parse(e.data) } as Told)
      })
    for (const type of ['hello', 'sample', 'status', 'events'] as const) listen(type)
    source.addEventListener('gap', alive)
    source.addEventListener('end', (e: MessageEvent<string>) => {
      const { reason } = JSON.parse(e.data) as LiveEvents['end']
      // A server that stops comes back, or another one in its place.
      if (reason === 'stop') return again()
      closed = true
      shut()
      on.ended()
    })
  }

  open()
  return () => {
    closed = true
    clearTimeout(retry)
    shut()
  }
}
