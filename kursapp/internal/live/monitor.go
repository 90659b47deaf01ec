package live

import (
	"context"
	"encoding/json"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

// Sources is where the figures come from. Each may be nil: then they stay 0 or
// null. What takes no context must return at once.
type Sources struct {
	// Cache returns what each cache has counted.
	Cache func() map[string]cache.Stats
	// Lookups returns how many sessions were found in memory, and how many asked of Redis.
	Lookups func() (local, redis uint64)
	// Limits returns what the limiter has counted.
	Limits func() LimitWork
	// Queues asks Redis how the queues stand.
	Queues func(context.Context) ([]QueueState, error)
	// Backlog asks the database what Redis does not know of yet.
	Backlog func(context.Context) (int, error)
	// Database and Redis return nil when they answer.
	Database func(context.Context) error
	Redis    func(context.Context) error
}

// Info is what does not change while a process runs.
type Info struct {
	Version string
	Mode    string // "demo" or "production"
	Started time.Time
	// Database and Redis say in a few words what they are.
	Database, Redis string
}

// Bounds of what is kept.
const (
	// Interval is the time between samples.
	Interval = time.Second
	// keptSamples are a quarter of an hour.
	keptSamples = 900
	// batchInterval is the time between batches of events.
	batchInterval = 250 * time.Millisecond
)

// Monitor watches one kursapp. Safe for concurrent use; a nil *Monitor takes events and
// forgets them.
type Monitor struct {
	sources Sources
	info    Info

	traffic                        traffic
	events                         events
	sessionsCreated, sessionsEnded atomic.Uint64

	database, redis probe[struct{}]
	queues          probe[[]QueueState]
	backlog         probe[int]

	// mu guards what follows. Nobody waits for anything under it.
	mu      sync.Mutex
	samples [][]byte // as JSON, the oldest first
	status  Status
	said    time.Time // when status last went out
	seq     uint64    // of the last frame
	streams map[*Stream]struct{}
	stopped bool

	// Of sample alone.
	meter  trafficMeter
	counts counts
	heap   []metrics.Sample
}

// New returns a Monitor, which takes events and counts requests from now on.
func New(info Info) *Monitor {
	m := &Monitor{
		info:     info,
		database: probe[struct{}]{every: healthInterval},
		redis:    probe[struct{}]{every: healthInterval},
		queues:   probe[[]QueueState]{every: countInterval},
		backlog:  probe[int]{every: countInterval},
		streams:  map[*Stream]struct{}{},
		heap:     []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}},
	}
	m.events.renew()
	m.status = m.look(time.Now(), Status{})
	return m
}

// Watch says where the figures come from. It is for once, before Run: what they come from
// may send events before it is complete.
func (m *Monitor) Watch(from Sources) {
	m.sources = from
	m.database.ask, m.redis.ask = plain(from.Database), plain(from.Redis)
	m.queues.ask, m.backlog.ask = from.Queues, from.Backlog
}

// plain makes a probe's question of one that has no value.
func plain(ask func(context.Context) error) func(context.Context) (struct{}, error) {
	if ask == nil {
		return nil
	}
	return func(ctx context.Context) (struct{}, error) { return struct{}{}, ask(ctx) }
}

// Run watches until ctx ends, and then ends all streams.
func (m *Monitor) Run(ctx context.Context) {
	var asking sync.WaitGroup
	defer asking.Wait()
	asking.Go(func() { m.database.run(ctx) })
	asking.Go(func() { m.redis.run(ctx) })
	asking.Go(func() { m.queues.run(ctx) })
	asking.Go(func() { m.backlog.run(ctx) })
	defer m.Stop()

	second, batch := time.NewTicker(Interval), time.NewTicker(batchInterval)
	defer second.Stop()
	defer batch.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-second.C:
			m.events.renew()
			m.tick(time.Now())
		case <-batch.C:
			m.mu.Lock()
			m.sendEvents()
			m.mu.Unlock()
		}
	}
}

// tick takes a sample and looks at the status.
func (m *Monitor) tick(now time.Time) {
	sample := encode(m.sample(now))
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.samples) == keptSamples {
		m.samples[0] = nil
		m.samples = m.samples[1:]
	}
	m.samples = append(m.samples, sample)
	m.send("sample", sample)
	before := m.status
	m.status = m.look(now, before)
	if m.status.differs(before) || now.Sub(m.said) >= statusInterval {
		m.said = now
		m.send("status", encode(m.status))
	}
}

// counts are totals at the sample before.
type counts struct {
	cache    CacheWork
	sessions SessionWork
	limits   LimitWork
}

// sample takes a sample. It is for one goroutine.
func (m *Monitor) sample(now time.Time) Sample {
	s := Sample{T: now.UnixMilli(), Routines: runtime.NumGoroutine()}
	m.meter.measure(&m.traffic, &s)
	total := counts{sessions: SessionWork{Created: m.sessionsCreated.Load(), Ended: m.sessionsEnded.Load()}}
	if m.sources.Cache != nil {
		total.cache = s.addCaches(m.sources.Cache())
	}
	if m.sources.Lookups != nil {
		total.sessions.LookupsLocal, total.sessions.LookupsRedis = m.sources.Lookups()
	}
	if m.sources.Limits != nil {
		total.limits = m.sources.Limits()
	}
	s.Cache = total.cache.minus(m.counts.cache)
	s.Sessions = total.sessions.minus(m.counts.sessions)
	s.Limits = total.limits.minus(m.counts.limits)
	m.counts = total
	if f, known := m.queues.found(now); known && f.err == nil {
		s.Queues = f.value
	}
	if f, known := m.backlog.found(now); known && f.err == nil {
		s.Outbox = &Backlog{Waiting: f.value}
	}
	metrics.Read(m.heap)
	s.HeapBytes = m.heap[0].Value.Uint64()
	return s
}

// addCaches puts how the caches stand into a sample and returns what they counted.
func (s *Sample) addCaches(caches map[string]cache.Stats) (total CacheWork) {
	s.Local.Ready = len(caches) > 0
	for _, c := range caches {
		s.Breaker = s.Breaker || c.BreakerOpen
		s.Local.Ready = s.Local.Ready && c.LocalReady
		s.Local.Entries += c.LocalEntries
		s.Local.Bytes += c.LocalBytes
		total.Loads += c.Loads
		total.LoadErrors += c.LoadErrors
		total.Fills += c.Fills
		total.FillsRefused += c.FillsRefused
		total.Invalidated += c.Invalidated
		total.Unconfirmed += c.Unconfirmed
		total.Collapsed += c.Collapsed
		total.Evictions += c.LocalEvictions
	}
	return total
}

func (c CacheWork) minus(o CacheWork) CacheWork {
	return CacheWork{
		c.Loads - o.Loads, c.LoadErrors - o.LoadErrors, c.Fills - o.Fills, c.FillsRefused - o.FillsRefused,
		c.Invalidated - o.Invalidated, c.Unconfirmed - o.Unconfirmed, c.Collapsed - o.Collapsed, c.Evictions - o.Evictions,
	}
}

func (s SessionWork) minus(o SessionWork) SessionWork {
	return SessionWork{s.Created - o.Created, s.LookupsLocal - o.LookupsLocal, s.LookupsRedis - o.LookupsRedis, s.Ended - o.Ended}
}

func (l LimitWork) minus(o LimitWork) LimitWork {
	return LimitWork{l.Admitted - o.Admitted, l.Denied - o.Denied, l.Remembered - o.Remembered, l.WithoutRedis - o.WithoutRedis}
}

// Health asks nobody: it is the status of the last second.
func (m *Monitor) Health() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status
}

// goVersion is that of Go, as "1.26".
func goVersion() string { return strings.TrimPrefix(runtime.Version(), "go") }

// encode cannot fail: what it is given are the types of this package.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
