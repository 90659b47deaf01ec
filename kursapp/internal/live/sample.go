package live

// What goes out is JSON with times in milliseconds since 1970 and durations in the unit
// of the field's name. What is null is not known; 0 is a count.

// Sample is what happened in one second, and how things stood at its end.
type Sample struct {
	T         int64        `json:"t" doc:"When the second ended, in milliseconds since 1970."`
	Reads     Reads        `json:"reads"`
	Latency   Latencies    `json:"latency"`
	Cache     CacheWork    `json:"cache"`
	Local     LocalTier    `json:"local"`
	Breaker   bool         `json:"breaker_open" doc:"Whether a cache does without Redis, because Redis does not answer."`
	HTTP      Requests     `json:"http"`
	Sessions  SessionWork  `json:"sessions"`
	Limits    LimitWork    `json:"limits"`
	Queues    []QueueState `json:"queues" nullable:"true" doc:"Asked every two seconds; null where Redis cannot be asked."`
	Outbox    *Backlog     `json:"outbox" doc:"Null where the database cannot be asked."`
	HeapBytes uint64       `json:"heap_bytes"`
	Routines  int          `json:"goroutines"`
}

// Reads counts the answers of the routes that read users, by who answered.
type Reads struct {
	Local    uint64 `json:"local"`
	Redis    uint64 `json:"redis"`
	Database uint64 `json:"database"`
	Stale    uint64 `json:"stale" doc:"Answers that are over their time, because the database failed."`
	Error    uint64 `json:"error" doc:"Reads that nobody could answer."`
}

// Latencies are those of Reads, in the server: from the arrival of the request to the end
// of its answer.
type Latencies struct {
	Local    *Latency `json:"local"`
	Redis    *Latency `json:"redis"`
	Database *Latency `json:"database"`
}

// Latency is right to 7 %. There is none of nothing: then it is null.
type Latency struct {
	N   uint64 `json:"n"`
	P50 int64  `json:"p50_us"`
	P99 int64  `json:"p99_us"`
}

// CacheWork is what the caches did in a second.
type CacheWork struct {
	Loads        uint64 `json:"loads"`
	LoadErrors   uint64 `json:"load_errors"`
	Fills        uint64 `json:"fills"`
	FillsRefused uint64 `json:"fills_refused"`
	Invalidated  uint64 `json:"invalidated"`
	Unconfirmed  uint64 `json:"unconfirmed"`
	Collapsed    uint64 `json:"collapsed"`
	Evictions    uint64 `json:"evictions"`
}

// LocalTier is what the caches hold in memory.
type LocalTier struct {
	Ready   bool  `json:"ready"`
	Entries int   `json:"entries"`
	Bytes   int64 `json:"bytes"`
}

// Requests are those of the routes of the course: the dashboard's own are not counted.
type Requests struct {
	N      uint64 `json:"n"`
	P50    *int64 `json:"p50_us" doc:"Null where there was no request."`
	P99    *int64 `json:"p99_us" doc:"Null where there was no request."`
	Errors uint64 `json:"errors" doc:"Answers with a status of 500 or more."`
}

// SessionWork is what happened to sessions in a second.
type SessionWork struct {
	Created      uint64 `json:"created"`
	LookupsLocal uint64 `json:"lookups_local"`
	LookupsRedis uint64 `json:"lookups_redis"`
	Ended        uint64 `json:"ended" doc:"Revocations; all sessions of a user at once count as one."`
}

// LimitWork is what the rate limits decided in a second.
type LimitWork struct {
	Admitted     uint64 `json:"admitted"`
	Denied       uint64 `json:"denied"`
	Remembered   uint64 `json:"remembered" doc:"Of the denied, those for which Redis was not asked."`
	WithoutRedis uint64 `json:"without_redis"`
}

// QueueState is how a queue stands. Processed, Failed and Died count since it has been there.
type QueueState struct {
	Name      string `json:"name"`
	Waiting   int64  `json:"waiting"`
	Running   int64  `json:"running"`
	Scheduled int64  `json:"scheduled"`
	Retrying  int64  `json:"retrying"`
	Dead      int64  `json:"dead"`
	Latency   int64  `json:"latency_ms" doc:"How long the oldest task that waits has waited."`
	Workers   int    `json:"workers"`
	Paused    bool   `json:"paused"`
	Processed int64  `json:"processed"`
	Failed    int64  `json:"failed"`
	Died      int64  `json:"died"`
}

// Backlog is what the database committed and Redis does not know of yet.
type Backlog struct {
	Waiting int `json:"waiting"`
}
