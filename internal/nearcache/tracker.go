package nearcache

import (
	"context"
	"errors"
	"fmt"
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

var (
	errCluster = errors.New("nearcache: a cluster is not tracked yet")
	errReplica = errors.New("nearcache: the server is no master any more")
	errLost    = errors.New("nearcache: the connection was lost")
)

// TrackerOptions are the options of [NewTracker]. The callbacks run on the
// connection's read loop, one at a time, and must not block.
type TrackerOptions struct {
	// Prefixes are the beginnings of the keys to track. None may be the beginning of
	// another one.
	Prefixes []string
	// MaxStaleness is how long after a PING was sent its answer is good for, and how
	// long to wait for it. Default: 1 s.
	MaxStaleness time.Duration
	// OnChange is told of each tracked key that was changed, expired or evicted.
	OnChange func(name string)
	// OnGap says that changes may have been missed, or that Redis was flushed:
	// everything must be dropped before it returns.
	OnGap func()
	// OnState is told when tracking begins, with nil, and why it ended or could not
	// begin. The same kind of news is not repeated. It runs outside the read loop.
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

	mu        sync.Mutex
	broken    bool // the present connection was lost
	watches   map[string]map[chan struct{}]struct{}
	watching  atomic.Int64
	announced bool // OnState was told something
	ready     bool // and that was nil
}

// NewTracker starts to track. In a Cluster it does not get ready: that would need a
// connection to every master.
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

// track keeps one connection until it is lost, and reports whether it was ever
// ready.
func (t *Tracker) track() (began bool, err error) {
	if t.client.Mode() == rueidis.ClientModeCluster {
		return false, errCluster
	}
	conn, release := t.client.Dedicate()
	defer release()
	defer conn.Close() // its pushes must not reach whoever gets it next
	t.mu.Lock()
	t.broken = false
	t.mu.Unlock()
	lost := conn.SetOnInvalidations(t.pushed)
	defer t.gap(true)
	if err := t.begin(conn); err != nil {
		return false, fmt.Errorf("nearcache: begin tracking: %w", err)
	}
	// What was stored without tracking, and is still on its way, is worth nothing.
	t.gap(false)
	for {
		if err := t.beat(conn); err != nil {
			return began, fmt.Errorf("nearcache: heartbeat: %w", err)
		}
		if !began {
			began = true
			t.announce(nil)
		}
		timer := time.NewTimer(t.o.MaxStaleness / 4)
		select {
		case <-timer.C:
		case err := <-lost:
			timer.Stop()
			return began, errors.Join(errLost, err)
		case <-t.ctx.Done():
			timer.Stop()
			return began, t.ctx.Err()
		}
	}
}

func (t *Tracker) begin(conn rueidis.DedicatedClient) error {
	ctx, cancel := context.WithTimeout(t.ctx, t.o.MaxStaleness)
	defer cancel()
	// rueidis switches tracking on for its own cache, in a mode that excludes this one.
	off := conn.B().Arbitrary("CLIENT", "TRACKING", "OFF").Build()
	on := conn.B().Arbitrary("CLIENT", "TRACKING", "ON", "BCAST")
	for _, p := range t.o.Prefixes {
		on = on.Args("PREFIX", p)
	}
	if err := conn.Do(ctx, off).Error(); err != nil {
		return err
	}
	return conn.Do(ctx, on.Build()).Error()
}

// beat sends one heartbeat. After a failover that Sentinel made, the old master goes
// on answering PING: there the heartbeat asks for the role too.
func (t *Tracker) beat(conn rueidis.DedicatedClient) error {
	ctx, cancel := context.WithTimeout(t.ctx, t.o.MaxStaleness)
	defer cancel()
	sent := t.Now()
	if t.client.Mode() == rueidis.ClientModeSentinel {
		role, err := conn.Do(ctx, conn.B().Role().Build()).ToArray()
		if err != nil {
			return err
		}
		if kind, _ := role[0].ToString(); kind != "master" {
			return errReplica
		}
	} else if err := conn.Do(ctx, conn.B().Ping().Build()).Error(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken {
		return errLost
	}
	t.until.Store(sent + int64(t.o.MaxStaleness))
	return nil
}

// pushed is called by rueidis with the keys that changed; nil means that Redis was
// flushed or the connection lost.
func (t *Tracker) pushed(keys []rueidis.RedisMessage) {
	if keys == nil {
		t.gap(true)
		return
	}
	for i := range keys {
		name, err := keys[i].ToString()
		if err != nil {
			continue
		}
		t.o.OnChange(name)
		if t.watching.Load() > 0 {
			t.mu.Lock()
			wake(t.watches[name])
			t.mu.Unlock()
		}
	}
}

// gap drops everything. Where the connection is not to be trusted any more, nothing
// is fresh until the next one; a flush looks the same and costs a reconnect.
func (t *Tracker) gap(broken bool) {
	t.mu.Lock()
	if broken {
		t.broken = true
		t.until.Store(0)
	}
	for _, channels := range t.watches {
		wake(channels)
	}
	t.mu.Unlock()
	t.o.OnGap()
}
