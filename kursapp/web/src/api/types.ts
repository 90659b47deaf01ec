// Names for the shapes of the API. schema.ts is made from the OpenAPI document; `npm run types` makes it anew.
import type { components } from './schema.ts'

type Schemas = components['schemas']

export type User = Schemas['User']
export type UserPage = Schemas['UserPage']
export type Message = Schemas['MessageBody']

/** RFC 9457, what every error is. */
export type Problem = Schemas['Problem']
export type FieldError = Schemas['FieldError']

// GET /web/me

export type Me = Schemas['MeBody']

// GET /web/live

/** What the stream of events says, by the name of the event. The document has the shapes alone. */
export interface LiveEvents {
  hello: Hello
  sample: Sample
  status: Status
  events: EventBatch
  gap: Schemas['LiveGap']
  end: Schemas['LiveEnd']
}

export type Hello = Schemas['LiveHello']
export type Sample = Schemas['LiveSample']
export type Status = Schemas['LiveStatus']
export type EventBatch = Schemas['LiveBatch']
export type LogEvent = Schemas['LiveLogEvent']
export type LogKind = LogEvent['kind']
export type MissReason = Exclude<LogEvent['reason'], ''>
export type About = Schemas['LiveAbout']
export type Latency = Schemas['LiveLatency']
export type Reads = Schemas['LiveReads']
export type PartStatus = Schemas['LiveHealth']
export type FeatureState = Schemas['LiveFeature']['state']

/** Who answered. */
export type Tier = Exclude<LogEvent['tier'], ''>

// Cache

export type Inspection = Schemas['InspectionBody']
export type Stampede = Schemas['StampedeBody']

// Comparison

export type Comparison = Schemas['ComparisonBody']
export type WayResult = Schemas['WayBody']
/** The dashboard says all of it. */
export type ComparisonRequest = Pick<
  Required<Schemas['ComparisonRequest']>,
  'requests' | 'concurrency' | 'user_id'
>

// Limits

export type Limits = Schemas['LimitsBody']
export type LimitRule = Schemas['LimitRule']
export type LimitState = Schemas['LimitStateBody']

// Queues

/** The same over the stream and from GET /queues. */
export type QueueCounts = Schemas['LiveQueueState'] & Schemas['QueueState']
export type Task = Schemas['Task']
export type TaskState = Task['state']
export type TaskPage = Schemas['TasksBody']
export type QueueList = Schemas['QueuesBody']
/** What became of a change of tasks. */
export type TasksChanged = Schemas['CountBody']
export type TaskId = Schemas['TaskIDBody']
export type Mail = Schemas['Mail']
export type MailList = Schemas['MailsBody']

// Sessions, accounts, audit

export type Device = Schemas['Device']
export type DeviceList = Schemas['DevicesBody']
export type Account = Schemas['AccountBody']
export type Role = Account['role']
export type AuditEntry = Schemas['AuditEntry']
export type AuditAction = AuditEntry['action']
export type AuditPage = Schemas['AuditBody']
