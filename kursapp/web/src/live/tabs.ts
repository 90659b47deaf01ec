import type { Model, Told } from './model.ts'

// HTTP/1.1 gives a browser six connections to a server. A stream for each tab would use them
// up, so of all visible tabs one has the stream and passes on what it says. A hidden tab
// gives it up; where all are hidden, there is none.

export type Word =
  | { what: 'told'; told: Told }
  | { what: 'lost' }
  | { what: 'ended' }
  | { what: 'left' } // the tab that led does so no more
  | { what: 'who' } // a tab has come and asks for all that is known
  | { what: 'all'; model: Model; alive: boolean }

export interface Tab {
  /** Called when this tab is the one that opens the stream; the result closes it. */
  lead(): () => void
  /** Called in the tabs that do not lead. */
  hear(word: Word): void
}

const name = 'kursapp.live'
// Somebody who changes tabs for a moment should find the stream open.
const grace = 3000

/** Takes part until the returned function is called. `say` reaches the other tabs. */
export function joinTabs(tab: Tab): { say(word: Word): void; leave(): void } {
  const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(name)
  if (channel) channel.onmessage = (e: MessageEvent<Word>) => tab.hear(e.data)

  let release: (() => void) | undefined // ends the candidacy, or the lead
  let hiding: ReturnType<typeof setTimeout> | undefined

  const stand = () => {
    clearTimeout(hiding)
    if (release) return
    release = candidate(tab)
    channel?.postMessage({ what: 'who' } satisfies Word)
  }
  const withdraw = () => {
    release?.()
    release = undefined
  }
  const looked = () => {
    clearTimeout(hiding)
    if (document.hidden) hiding = setTimeout(withdraw, grace)
    else stand()
  }

  document.addEventListener('visibilitychange', looked)
  if (!document.hidden) stand()
  return {
    say: (word) => channel?.postMessage(word),
    leave() {
      document.removeEventListener('visibilitychange', looked)
      clearTimeout(hiding)
      withdraw()
      channel?.close()
    },
  }
}

// Waits for the lock and leads while it has it. Without locks (an old browser, a page
// that is not secure) each tab leads itself.
function candidate(tab: Tab): () => void {
  if (!navigator.locks) return tab.lead()
  const giveUp = new AbortController()
  let done = () => {}
  const until = new Promise<void>((resolve) => {
    done = resolve
  })
  navigator.locks
    .request(name, { signal: giveUp.signal }, async () => {
      if (giveUp.signal.aborted) return
      const close = tab.lead()
      await until
      close()
    })
    .catch(() => {
      // Given up while it waited.
    })
  return () => {
    giveUp.abort()
    done()
  }
}
