import { useSyncExternalStore } from 'react'
import { observeServerTime, serverNow } from '../lib/clock.ts'
import { empty, type Model, tell } from './model.ts'
import { openStream } from './stream.ts'
import { joinTabs, type Word } from './tabs.ts'

/** How the stream is: `off` where nobody opened it or it may not be watched. */
export type StreamState = 'off' | 'connecting' | 'live' | 'lost'

export interface Live extends Model {
  state: StreamState
  /** On the server's clock: since when nothing has been heard; undefined while live. */
  lostSince: number | undefined
  paused: boolean
  /** Events that came while paused and are not shown. */
  held: number
}

// At most four paints a second, however fast events come.
const paintEvery = 250
// The server speaks each second. Figures older than this are not the present ones.
const staleAfter = 1900

/** Everything live that the page shows. One for the page; made anew in tests. */
export function createLive(url: string) {
  let model: Model = empty
  let shown: Model = empty // what is on the screen: the model, or what it was when paused
  let state: StreamState = 'off'
  let lostSince: number | undefined
  let heardAt = 0
  let paused = false
  let view: Live = { ...empty, state, lostSince, paused, held: 0 }

  const listeners = new Set<() => void>()
  let paintedAt = 0
  let paint: ReturnType<typeof setTimeout> | undefined
  let watch: ReturnType<typeof setInterval> | undefined
  let tabs: ReturnType<typeof joinTabs> | undefined

  function publish() {
    clearTimeout(paint)
    paint = undefined
    paintedAt = performance.now()
    if (!paused) shown = model
    view = { ...shown, state, lostSince, paused, held: heldBack() }
    for (const listener of listeners) listener()
  }
  function heldBack(): number {
    const last = shown.events.at(-1)?.seq ?? -1
    const at = model.events.findIndex((e) => e.seq > last)
    return at < 0 ? 0 : model.events.length - at
  }
  function soon() {
    if (paint || document.hidden) return
    paint = setTimeout(publish, Math.max(0, paintEvery - (performance.now() - paintedAt)))
  }
  function become(next: StreamState) {
    if (next === state) return
    if (next === 'lost') lostSince = model.samples.at(-1)?.t ?? serverNow()
    else lostSince = undefined
    state = next
    publish()
  }
  function hear(word: Word) {
    switch (word.what) {
      case 'told': {
        const now = performance.now()
        if (word.told.type === 'hello') observeServerTime(word.told.data.now, heardAt || now, now)
        heardAt = now
        model = tell(model, word.told)
        if (model.samples.length > 0) become('live')
        soon()
        break
      }
      case 'all':
        if (word.model.startedAt === 0 || state === 'live') break
        model = word.model
        heardAt = performance.now()
        become(word.alive ? 'live' : 'lost')
        soon()
        break
      case 'lost':
        become('lost')
        break
      case 'left':
        // Nobody watches until the next tab does. What is known is old by then.
        if (state !== 'off') become('connecting')
        break
      case 'ended':
        become('off')
        onEnded?.()
        break
      case 'who':
        if (leading) tabs?.say({ what: 'all', model, alive: state === 'live' })
        break
    }
  }

  let leading = false
  let onEnded: (() => void) | undefined
  function lead(): () => void {
    leading = true
    const pass = (word: Word) => {
      hear(word)
      tabs?.say(word)
    }
    const close = openStream(url, {
      told: (told) => pass({ what: 'told', told }),
      lost: () => pass({ what: 'lost' }),
      ended: () => pass({ what: 'ended' }),
    })
    return () => {
      leading = false
      close()
      pass({ what: 'left' })
    }
  }

  return {
    /**
     * Watches until stop is called. Twice is as good as once. `ended` hears that the server
     * ended it: who watched may no longer, or with another session.
     */
    start(ended?: () => void) {
      if (tabs) return
      onEnded = ended
      heardAt = performance.now()
      become('connecting')
      tabs = joinTabs({ lead, hear })
      watch = setInterval(() => {
        // While hidden nothing is heard and nothing shown; coming back starts afresh.
        if (document.hidden) heardAt = performance.now()
        else if (state === 'live' && performance.now() - heardAt > staleAfter) become('lost')
      }, 200)
    },
    stop() {
      tabs?.leave()
      tabs = undefined
      clearInterval(watch)
      become('off')
    },
    pause(on: boolean) {
      paused = on
      publish()
    },
    /** Shows what has come since the display was paused, which stays paused. */
    showHeld() {
      shown = model
      publish()
    },
    get: () => view,
    subscribe(listener: () => void) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

export const live = createLive('/web/live')

/**
 * A part of what is live. The component renders anew only when that part is another
 * one, so select what you show; a selector must not make new objects.
 */
export function useLive<T>(select: (l: Live) => T): T {
  return useSyncExternalStore(live.subscribe, () => select(live.get()))
}
