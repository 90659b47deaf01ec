package live

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/queue"
	"github.com/speedlayer/speedlayer/session"
)

// LogEvent is one thing that happened in a cache or a queue.
type LogEvent struct {
	Seq  uint64 `json:"seq"`
	T    int64  `json:"t" doc:"In milliseconds since 1970."`
	Kind string `json:"kind" enum:"hit,miss,load,fill,fill_refused,invalidate,unconfirmed,breaker_opened,breaker_closed,local_ready,local_lost,stale,task_done,task_failed,task_postponed,task_dead,task_handed_back,task_reaped,task_lost,task_hanging" doc:"What happened: to a task where it begins with task_, else in a cache."`
	Key  string `json:"key" doc:"The key in Redis, or its prefix where the whole cache is meant; of a task its queue, a slash and its id."`
	Tier string `json:"tier" enum:"local,redis,database," doc:"Who was asked; empty where it is not one."`
	Why  string `json:"reason" enum:"miss,bypass,unavailable,undecodable,stale," doc:"Why a miss is one; else empty."`
	Took int64  `json:"us" doc:"How long it took in microseconds; 0 where that was not measured."`
	Err  string `json:"error" doc:"What went wrong, if anything."`
}

// Batch is what happened since the batch before.
type Batch struct {
	Events  []LogEvent `json:"events" nullable:"false"`
	LeftOut uint64     `json:"left_out" doc:"How much more happened than is shown."`
}

// How many events of a second are kept. Hits and what belongs to a load come in floods;
// what is rare must not go under in them.
const (
	frequentPerSecond = 150
	rarePerSecond     = 50
	// keptEvents is how many somebody sees who comes later.
	keptEvents = 100
)

// events is what happened lately.
type events struct {
	frequent, rare allowance
	// watched tells that somebody wants to know how many events were left out.
	watched atomic.Bool
	leftOut atomic.Uint64

	mu      sync.Mutex
	seq     uint64
	recent  []LogEvent // up to keptEvents, the oldest first
	pending []LogEvent // what no batch has had
}

// allowance is how many events of a kind may still be kept in this second. spent is
// beside left so that a flood of them reads a flag and writes nothing.
type allowance struct {
	spent atomic.Bool
	left  int // guarded by events.mu
}

func (a *allowance) renew(n int) {
	a.left = n
	a.spent.Store(false)
}

func (e *events) renew() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.frequent.renew(frequentPerSecond)
	e.rare.renew(rarePerSecond)
}

// full reports whether an event has no room in this second, and counts it then. It is
// all that most events of a flood cost.
func (e *events) full(from *allowance) bool {
	if !from.spent.Load() {
		return false
	}
	e.skip()
	return true
}

// add keeps an event where there is room for it in this second.
func (e *events) add(from *allowance, at LogEvent) {
	at.T = time.Now().UnixMilli()
	e.mu.Lock()
	defer e.mu.Unlock()
	if from.left == 0 {
		from.spent.Store(true)
		e.skip()
		return
	}
	from.left--
	e.seq++
	at.Seq = e.seq
	if len(e.recent) == keptEvents {
		e.recent = append(e.recent[:0], e.recent[1:]...)
	}
	e.recent = append(e.recent, at)
	if e.watched.Load() {
		e.pending = append(e.pending, at)
	}
}

func (e *events) skip() {
	if e.watched.Load() {
		e.leftOut.Add(1)
	}
}

// take returns what happened since it was last called; nothing where nobody watched.
func (e *events) take() Batch {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.takeLocked()
}

func (e *events) takeLocked() Batch {
	b := Batch{Events: e.pending, LeftOut: e.leftOut.Swap(0)}
	e.pending = nil
	return b
}

// join is for one who begins to watch: what happened lately, and what the others have not
// been sent of it. What happens from then on is in neither and will be taken.
func (e *events) join() (pending Batch, kept []LogEvent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.watched.Store(true)
	return e.takeLocked(), append([]LogEvent{}, e.recent...)
}

// cacheKinds are the names of the kinds of cache.Event, and who was asked.
var cacheKinds = [...]struct{ kind, tier string }{
	cache.EventHit:           {"hit", ""}, // the event says who
	cache.EventMiss:          {"miss", ""},
	cache.EventLoad:          {"load", "database"},
	cache.EventFill:          {"fill", "redis"},
	cache.EventFillRefused:   {"fill_refused", "redis"},
	cache.EventInvalidated:   {"invalidate", "redis"},
	cache.EventUnconfirmed:   {"unconfirmed", "redis"},
	cache.EventBreakerOpened: {"breaker_opened", "redis"},
	cache.EventBreakerClosed: {"breaker_closed", "redis"},
	cache.EventLocalReady:    {"local_ready", "local"},
	cache.EventLocalLost:     {"local_lost", "local"},
	cache.EventStale:         {"stale", "redis"},
}

// CacheEvent implements cache.Observer.
func (m *Monitor) CacheEvent(e cache.Event) {
	if m == nil || int(e.Kind) >= len(cacheKinds) {
		return
	}
	from := &m.events.rare
	switch e.Kind {
	case cache.EventHit, cache.EventMiss, cache.EventLoad, cache.EventFill:
		from = &m.events.frequent
	}
	if m.events.full(from) {
		return
	}
	names := cacheKinds[e.Kind]
	at := LogEvent{Kind: names.kind, Tier: names.tier, Key: e.Key, Took: e.Duration.Microseconds(), Err: short(e.Err)}
	if e.Kind == cache.EventHit {
		at.Tier = e.Source.String()
	}
	if e.Kind == cache.EventMiss {
		at.Why = e.Reason.String()
	}
	m.events.add(from, at)
}

// TaskEvent takes what happened to a task: it is for queue.WorkerOptions.OnEvent.
func (m *Monitor) TaskEvent(e queue.Event) {
	if m == nil || m.events.full(&m.events.rare) {
		return
	}
	m.events.add(&m.events.rare, LogEvent{
		Kind: "task_" + strings.ReplaceAll(e.Kind.String(), " ", "_"), Key: e.Queue + "/" + e.TaskID,
		Took: e.Took.Microseconds(), Err: short(e.Err),
	})
}

// SessionEvent counts what happened to a session: it is for session.Options.OnEvent.
func (m *Monitor) SessionEvent(e session.Event) {
	if m == nil {
		return
	}
	switch e.Kind {
	case session.EventCreated:
		m.sessionsCreated.Add(1)
	case session.EventRevoked:
		m.sessionsEnded.Add(1)
	}
}

// maxError is how much of an error goes out, in bytes.
const maxError = 200

// short is an error in a line.
func short(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	if len(text) > maxError {
		text = strings.ToValidUTF8(text[:maxError], "") + " …"
	}
	return text
}
