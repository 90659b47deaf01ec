import type { About, EventBatch, Hello, LiveEvents, LogEvent, Sample, Status } from '../api/types.ts'

/** A quarter of an hour of seconds. */
export const keptSamples = 900
/** What a log can show. More is what the server's own log is for. */
export const keptEvents = 500

/** What the stream has told so far. Values are replaced, never changed in place. */
export interface Model {
  samples: readonly Sample[]
  events: readonly LogEvent[] // the oldest first
  status: Status | undefined
  about: About | undefined
  startedAt: number
  version: string
  /** Events that the server or this page had no room for. */
  leftOut: number
}

export const empty: Model = {
  samples: [],
  events: [],
  status: undefined,
  about: undefined,
  startedAt: 0,
  version: '',
  leftOut: 0,
}

/** One message of the stream, as it also goes from tab to tab. */
export type Told = { [Type in ToldType]: { type: Type; data: LiveEvents[Type] } }[ToldType]
type ToldType = Exclude<keyof LiveEvents, 'gap' | 'end'>

export function tell(model: Model, told: Told): Model {
  switch (told.type) {
    case 'hello':
      return greet(model, told.data)
    case 'sample':
      return { ...model, samples: add(model.samples, told.data) }
    case 'status':
      return { ...model, status: told.data }
    case 'events':
      return append(model, told.data)
  }
}

// A server that started anew counts from 0 again: what the old one told is over. From
// the same one the page keeps what it has seen and adds what it missed.
function greet(model: Model, hello: Hello): Model {
  const same = model.startedAt === hello.started_at
  const known = same ? model : empty
  const last = known.events.at(-1)?.seq ?? -1
  const missed = hello.events.filter((e) => e.seq > last)
  return {
    samples: hello.samples.slice(-keptSamples),
    events: [...known.events, ...missed].slice(-keptEvents),
    status: hello.status,
    about: hello.about,
    startedAt: hello.started_at,
    version: hello.version,
    leftOut: known.leftOut,
  }
}

function add(samples: readonly Sample[], sample: Sample): Sample[] {
  const last = samples.at(-1)
  const before = last && last.t >= sample.t ? samples.filter((s) => s.t < sample.t) : samples
  return [...(before.length >= keptSamples ? before.slice(1 - keptSamples) : before), sample]
}

function append(model: Model, batch: EventBatch): Model {
  const last = model.events.at(-1)?.seq ?? -1
  const news = batch.events.filter((e) => e.seq > last)
  return {
    ...model,
    events: news.length > 0 ? [...model.events, ...news].slice(-keptEvents) : model.events,
    leftOut: model.leftOut + batch.left_out,
  }
}
