// The shapes of the API. Members are named as on the wire.

export interface User {
  id: number
  name: string
  email: string
}

export interface UserPage {
  users: User[]
  next_cursor?: string
}

export interface Message {
  message: string
}

export interface FieldError {
  location: string
  message: string
}

/** RFC 9457, what every error is. */
export interface Problem {
  type?: string
  title: string
  status: number
  detail: string
  errors?: FieldError[]
  'violated-policies'?: string[]
}

export type Role = 'admin' | 'user'

// GET /web/me

export interface Me {
  mode: 'demo' | 'production'
  version: string
  now: number | string
  user: { id: number; name: string; email: string; role: Role } | null
  session: { id: string; began_at: string; idle_ends_at: string; ends_at: string } | null
  session_unknown: boolean
  may: { operate: boolean; administer: boolean }
}

// GET /web/live

/** Who answered. */
export type Tier = 'local' | 'redis' | 'database'

export interface Latency {
  n: number
  p50_us: number
  p99_us: number
}

export interface Reads {
  local: number
  redis: number
  database: number
  stale: number
  error: number
}

export interface QueueCounts {
  name: string
  waiting: number
  running: number
  scheduled: number
  retrying: number
  dead: number
  latency_ms: number
  workers: number
  paused: boolean
  processed: number
  failed: number
  died: number
}

export interface Sample {
  t: number
  reads: Reads
  latency: Record<Tier, Latency | null>
  cache: {
    loads: number
    load_errors: number
    fills: number
    fills_refused: number
    invalidated: number
    unconfirmed: number
    collapsed: number
    evictions: number
  }
  local: { ready: boolean; entries: number; bytes: number }
  breaker_open: boolean
  http: { n: number; p50_us: number | null; p99_us: number | null; errors: number }
  sessions: { created: number; lookups_local: number; lookups_redis: number; ended: number }
  limits: { admitted: number; denied: number; remembered: number; without_redis: number }
  queues: QueueCounts[] | null
  outbox?: { waiting: number } | null
  heap_bytes: number
  goroutines: number
}

export interface PartStatus {
  ok: boolean | null
  since: number
  ping_us?: number
  error?: string
}

export type FeatureName = 'cache' | 'sessions' | 'limits' | 'tasks'
export type FeatureState = 'ok' | 'degraded' | 'down'

export interface Status {
  t: number
  database: PartStatus
  redis: PartStatus
  worker: { ok: boolean | null; since: number; workers: number }
  instance: { uptime_ms: number; version: string }
  features: { name: FeatureName; state: FeatureState }[]
}

export type LogKind =
  | 'hit'
  | 'miss'
  | 'load'
  | 'fill'
  | 'fill_refused'
  | 'invalidate'
  | 'unconfirmed'
  | 'breaker_opened'
  | 'breaker_closed'
  | 'local_ready'
  | 'local_lost'
  | 'stale'
  | `task_${string}`

export interface LogEvent {
  seq: number
  t: number
  kind: LogKind
  key: string
  tier: Tier | ''
  reason: string
  us: number
  error: string
}

export interface About {
  database: string
  redis: string
  cpus: number
  go: string
}

export interface Hello {
  now: number
  started_at: number
  version: string
  mode: 'demo' | 'production'
  interval_ms: number
  samples: Sample[]
  events: LogEvent[]
  status: Status
  about: About
}

export interface EventBatch {
  events: LogEvent[]
  left_out: number
}

// Cache

export interface Inspection {
  key: string
  now: number
  local: { enabled: boolean; ready: boolean; present: boolean; absent: boolean; ttl_ms: number }
  redis: {
    present: boolean
    raw: string
    ttl_ms: number
    absent: boolean
    reason: 'none' | 'miss' | 'unavailable' | 'undecodable' | 'stale'
    loading: boolean
    bytes: number
  } | null
}

export interface Stampede {
  readers: number
  loads: number
  collapsed: number
  from_redis: number
  from_local: number
  errors: number
  duration_us: number
}

// Comparison

export interface ComparisonRequest {
  requests: number
  concurrency: number
  user_id: number
}

export interface WayResult {
  way: Tier
  done: number
  errors: number
  duration_us: number
  throughput: number
  p50_us: number
  p90_us: number
  p99_us: number
  min_us: number
  max_us: number
  mean_us: number
  histogram: { le_us: number; n: number }[]
}

export interface Comparison {
  id: string
  state: 'running' | 'done' | 'cancelled' | 'failed'
  error: string
  started_at: number
  finished_at: number
  requests: number
  concurrency: number
  user_id: number
  ways: WayResult[]
  about: { cpus: number; go: string; database: string; redis: string; note: string }
}

// Limits

export interface LimitRule {
  name: string
  limit: number
  window_ms: number
  algorithm: 'fixed' | 'sliding' | 'gcra'
  burst: number
  subject: 'address' | 'account' | 'user'
  guards: string
  without_redis: 'open' | 'closed' | 'local'
  off: boolean
}

export interface Limits {
  degraded: boolean
  you: string
  rules: LimitRule[]
}

export interface LimitState {
  rule: string
  subject: string
  limit: number
  remaining: number
  reset_ms: number
  retry_after_ms: number
  key: string
  ttl_ms: number
}

// Queues

export type TaskState = 'waiting' | 'running' | 'scheduled' | 'retrying' | 'dead'

export interface Task {
  id: string
  queue: string
  type: string
  state: TaskState
  payload: string
  size: number
  error: string
  attempts: number
  crashes: number
  max_attempts: number
  created_at: string
  due_at?: string
  started_at?: string
  died_at?: string
  worker?: string
}

export interface TaskPage {
  tasks: Task[]
  next_cursor?: string
}

export interface Mail {
  to: string
  subject: string
  body: string
  received_at: string
}

// Sessions, accounts, audit

export interface Device {
  id: string
  user_agent: string
  address: string
  created_at: string
  last_seen_at: string
  expires_at: string
  remembered: boolean
  current: boolean
}

export interface Account {
  id: number
  role: Role
  created_at: string
  has_password: boolean
}

export interface AuditEntry {
  id: number
  at: string
  action: string
  actor_id?: number
  subject_id?: number
  client_address?: string
  user_agent?: string
  detail?: Record<string, unknown>
}

export interface AuditPage {
  entries: AuditEntry[]
  next_cursor?: string
}
