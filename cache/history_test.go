package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// history runs concurrent writers and readers against several caches of one key
// space, each on a client of its own as in processes of their own, and checks
// every read: it must not be older than what the newest invalidation left that had
// returned before the read began.
type history struct {
	caches []*users
	keys   int64

	// version is what the database holds. Every fifth version says that there is no
	// such user.
	version []atomic.Int64
	// floor is, for each key, the newest version whose Invalidate returned nil.
	floor []atomic.Int64
	// own is the same for each cache, ErrUnconfirmed included: that promise holds in
	// the process that wrote.
	own [][]atomic.Int64
	// ownOnly is for local tiers: the others' invalidations come by push.
	ownOnly bool
	// tagged makes every other write invalidate the tag of its key.
	tagged bool

	reads, writes, unconfirmed atomic.Int64
	mu                         sync.Mutex
	violations                 []string
}

func newHistory(t *testing.T, server *redistest.Server, caches int, o cache.Options) *history {
	t.Helper()
	const keys = 4
	h := &history{keys: keys, tagged: o.Tags != nil, version: make([]atomic.Int64, keys), floor: make([]atomic.Int64, keys)}
	p := prefix(t)
	for range caches {
		h.caches = append(h.caches, open(t, server.Client(t), p, h.load, o))
		h.own = append(h.own, make([]atomic.Int64, keys))
	}
	for i := range h.version {
		h.version[i].Store(1)
	}
	return h
}

// load reads first and takes its time then, so that what it brings is often old.
func (h *history) load(ctx context.Context, id int64) (user, error) {
	v := h.version[id].Load()
	if d := time.Duration(rand.Int64N(int64(2 * time.Millisecond))); rand.IntN(2) == 0 {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return user{}, ctx.Err()
		}
	}
	if v%5 == 0 {
		return user{}, fmt.Errorf("user %d: %w", id, cache.ErrNotFound)
	}
	return user{ID: id, Version: v}, nil
}

func raise(a *atomic.Int64, v int64) {
	for {
		if old := a.Load(); old >= v || a.CompareAndSwap(old, v) {
			return
		}
	}
}

func (h *history) write(ctx context.Context, who int) {
	id := rand.Int64N(h.keys)
	v := h.version[id].Add(1)
	var err error
	if h.tagged && v%2 == 0 {
		err = h.caches[who].InvalidateTags(ctx, parity(id)[0])
	} else {
		err = h.caches[who].Invalidate(ctx, id)
	}
	h.writes.Add(1)
	switch {
	case err == nil:
		raise(&h.floor[id], v)
	case errors.Is(err, cache.ErrUnconfirmed):
		h.unconfirmed.Add(1)
	default:
		h.violate("Invalidate: %v", err)
		return
	}
	raise(&h.own[who][id], v)
}

func (h *history) read(ctx context.Context, who int) {
	id := rand.Int64N(h.keys)
	at := h.own[who][id].Load()
	if !h.ownOnly {
		at = max(at, h.floor[id].Load())
	}
	c := h.caches[who]
	h.reads.Add(1)
	switch rand.IntN(10) {
	case 0: // a caller that gives up
		ctx, cancel := context.WithTimeout(ctx, time.Duration(rand.Int64N(int64(time.Millisecond))))
		defer cancel()
		u, err := c.Get(ctx, id)
		h.check("impatient Get", who, id, at, u, err)
	case 1:
		many, err := c.GetMany(ctx, []int64{id})
		u, ok := many[id]
		if err == nil && !ok {
			err = cache.ErrNotFound
		}
		h.check("GetMany", who, id, at, u, err)
	case 2:
		e, err := c.Refresh(ctx, id)
		h.check("Refresh", who, id, at, e.Value, err)
	default:
		u, err := c.Get(ctx, id)
		h.check("Get", who, id, at, u, err)
	}
}

func (h *history) check(what string, who int, id, at int64, u user, err error) {
	now := h.version[id].Load()
	switch {
	case errors.Is(err, cache.ErrNotFound):
		// Some version since then must have said so.
		if (at+4)/5*5 > now {
			h.violate("%s in cache %d: no user %d, which was there from version %d to %d", what, who, id, at, now)
		}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, cache.ErrOverloaded):
	case err != nil:
		h.violate("%s: %v", what, err)
	case u.Version < at || u.Version > now || u.ID != id:
		h.violate("%s in cache %d: user %d has version %d, wanted %d to %d", what, who, id, u.Version, at, now)
	}
}

func (h *history) violate(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.violations = append(h.violations, fmt.Sprintf(format, args...))
}

func (h *history) violated() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.violations)
}

// start lets writers and readers work until stop is called, which waits for them.
func (h *history) start(t *testing.T) (stop func()) {
	t.Helper()
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	for who := range h.caches {
		wg.Go(func() {
			for ctx.Err() == nil {
				h.write(context.WithoutCancel(ctx), who)
				select {
				case <-time.After(time.Duration(rand.Int64N(int64(3 * time.Millisecond)))):
				case <-ctx.Done():
				}
			}
		})
		for range 6 {
			wg.Go(func() {
				for ctx.Err() == nil {
					h.read(ctx, who)
				}
			})
		}
	}
	return stop
}

func (h *history) report(t *testing.T) {
	t.Helper()
	t.Logf("%d reads, %d writes, %d of them unconfirmed", h.reads.Load(), h.writes.Load(), h.unconfirmed.Load())
	for i, v := range h.violations {
		if i == 10 {
			t.Errorf("… and %d more", len(h.violations)-i)
			break
		}
		t.Error(v)
	}
}

func TestHistoryOfReadsAndWritesIsFresh(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]cache.Options{
		"absence remembered":     {NegativeTTL: time.Minute},
		"absence not remembered": {},
		"tags":                   {NegativeTTL: time.Minute, Tags: parity},
		"refreshed ahead":        {TTL: 20 * time.Millisecond, NegativeTTL: 20 * time.Millisecond, RefreshAhead: 10 * time.Millisecond, Tags: parity},
		"kept beyond their life": {TTL: 5 * time.Millisecond, StaleIfError: time.Second},
		"entries die young":      {TTL: 2 * time.Millisecond, NegativeTTL: time.Millisecond, LeaseTTL: 2 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, redistest.Shared(t), 3, patient(o))
			stop := h.start(t)
			eventually(t, "enough was read and written", func() bool { return h.reads.Load() >= 4000 && h.writes.Load() >= 400 })
			stop()
			h.report(t)
		})
	}
}

// The checker must be able to fail: without leases it finds old values.
func TestHistoryCheckerNoticesMissingLeases(t *testing.T) {
	t.Parallel()
	h := newHistory(t, redistest.Shared(t), 3, patient(cache.Options{NegativeTTL: time.Minute}))
	for _, c := range h.caches {
		c.BreakLeases()
	}
	stop := h.start(t)
	eventually(t, "the checker finds something", func() bool { return h.violated() > 0 })
	stop()
}

// Redis is killed, restarted with all its old data, and frozen, while everybody
// works. A confirmed invalidation holds everywhere, an unconfirmed one in the
// process that was told so.
func TestHistoryAcrossFaultsIsFresh(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.WithAppendOnly())
	h := newHistory(t, server, 3, cache.Options{NegativeTTL: time.Minute, RedisTimeout: 300 * time.Millisecond, Tags: parity})
	stop := h.start(t)
	// Each phase lasts until something was read and written in it.
	phase := func(what string) {
		t.Helper()
		reads, writes := h.reads.Load()+500, h.writes.Load()+30
		eventually(t, what, func() bool { return h.reads.Load() >= reads && h.writes.Load() >= writes })
	}
	healed := func(what string) {
		t.Helper()
		eventually(t, what, func() bool {
			for _, c := range h.caches {
				if s := c.Stats(); s.Pending > 0 || s.BreakerOpen {
					return false
				}
			}
			return true
		})
		phase(what)
	}
	phase("health")
	for range 2 {
		server.Kill(t)
		phase("killed")
		server.Restart(t)
		healed("restarted")
		server.Freeze(t)
		phase("frozen")
		server.Thaw(t)
		healed("thawed")
	}
	stop()
	h.report(t)
	if h.unconfirmed.Load() == 0 {
		t.Error("no invalidation was unconfirmed: the faults were none")
	}
}
