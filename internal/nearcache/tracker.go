package nearcache

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// Tracking is tried again after these times.
const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// TrackerOptions are the options of [NewTracker]. OnChange and OnGap run on the read
// loops of connections, in a Cluster several at the same time, and must not block.
type TrackerOptions struct {
	// Prefixes are the beginnings of the keys to track. None may be the beginning of
	// another one.
	Prefixes []string
	// MaxStaleness is how long after a heartbeat was sent its answer is good for, and
	// how long to wait for it. Default: 1 s.
	MaxStaleness time.Duration
	// OnChange is told of each tracked key that was changed, expired or evicted.
	OnChange func(name string)
	// OnGap says that changes may have been missed, or that Redis was flushed:
	// everything must be dropped before it returns.
	OnGap func()
	// OnState is told when tracking begins, with nil, and why it ended or could not
	// begin. The same kind of news is not repeated. It runs outside the read loops.
	OnState func(err error)
}

// Tracker hears of the changes of keys. [Tracker.Close] ends it.
type Tracker struct {
	client rueidis.Client
	o      TrackerOptions
	base   time.Time
	until  atomic.Int64 // fresh before, in nanoseconds since base; 0: not at all

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	watches  map[string]map[chan struct{}]struct{}
	watching atomic.Int64

	// Of run alone.
	announced bool // OnState was told something
	ready     bool // and that was nil
	unsettled *unsettled
}

// NewTracker starts to track. In a Cluster it has a connection to every master.
func NewTracker(client rueidis.Client, o TrackerOptions) *Tracker {
	if o.MaxStaleness <= 0 {
		o.MaxStaleness = time.Second
	}
	t := &Tracker{
		client: client, o: o, base: time.Now(), done: make(chan struct{}),
		watches: map[string]map[chan struct{}]struct{}{},
	}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	go t.run()
	return t
}

// Now is the tracker's clock: nanoseconds since it was made.
func (t *Tracker) Now() int64 { return int64(time.Since(t.base)) }

// Fresh reports whether what is in memory at the time now misses no change that
// Redis acknowledged more than MaxStaleness before.
func (t *Tracker) Fresh(now int64) bool { return now < t.until.Load() }

// Close ends tracking and waits for it.
func (t *Tracker) Close() {
	t.cancel()
	<-t.done
}

// Watch returns a channel that is sent to after a tracked key changed, or changes
// may have been missed. stop must be called.
func (t *Tracker) Watch(name string) (changed <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.watches[name] == nil {
		t.watches[name] = map[chan struct{}]struct{}{}
	}
	t.watches[name][ch] = struct{}{}
	t.watching.Add(1)
	return ch, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.watches[name], ch)
		if len(t.watches[name]) == 0 {
			delete(t.watches, name)
		}
		t.watching.Add(-1)
	}
}

func wake(channels map[chan struct{}]struct{}) {
	for ch := range channels {
		select {
		case ch <- struct{}{}:
		default: // it has not yet seen the last one
		}
	}
}

func (t *Tracker) run() {
	defer close(t.done)
	wait := firstRetry
	for t.ctx.Err() == nil {
		began, err := t.track()
		if t.ctx.Err() != nil {
			break
		}
		t.announce(err)
		if began {
			wait = firstRetry
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-t.ctx.Done():
			timer.Stop()
		}
		wait = min(2*wait, lastRetry)
	}
}

func (t *Tracker) announce(err error) {
	if t.o.OnState == nil || (t.announced && t.ready == (err == nil)) {
		return
	}
	t.announced, t.ready = true, err == nil
	t.o.OnState(err)
}

// changed tells of one key.
func (t *Tracker) changed(name string) {
	t.o.OnChange(name)
	if t.watching.Load() > 0 {
		t.mu.Lock()
		wake(t.watches[name])
		t.mu.Unlock()
	}
}

// forget drops everything: any key may have changed.
func (t *Tracker) forget() {
	t.mu.Lock()
	for _, channels := range t.watches {
		wake(channels)
	}
	t.mu.Unlock()
	t.o.OnGap()
}
