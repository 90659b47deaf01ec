package ratelimit

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/nearcache"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

// liftFor is how long a key lives that says that denials of a subject are lifted. It
// is the change that matters, which is pushed at once.
const liftFor = time.Second

// A denial is believed for trustFor after Redis was asked. The tracker hears of what
// limiters lift, but not of a counter that somebody deletes by hand, or that a step of
// Redis's clock ends. From renewAfter on one caller asks; the others go on from memory
// until it has its answer, or trustFor is over.
const (
	trustFor   = time.Second
	renewAfter = 700 * time.Millisecond
)

const denialShards = 64 // a power of two

// denials remembers who was denied and until when: see ADR 17.
type denials struct {
	client rueidis.Client
	prefix string // of the keys that lift denials, and "{"
	most   int    // entries of a shard
	seed   maphash.Seed

	// changes counts what was lifted. A denial may only be remembered if nothing was
	// since before it was asked for.
	changes atomic.Uint64
	tracker atomic.Pointer[nearcache.Tracker] // from the first denial on
	mu      sync.Mutex                        // for the tracker's beginning and end
	closed  bool
	shards  [denialShards]denialShard
}

type denialShard struct {
	mu  sync.RWMutex
	of  map[string][]*denial // by the subject, escaped
	len int
}

// denial is what Redis said of a rule, and does not change. Times are nanoseconds of
// the tracker's clock. Redis spoke at some time between the question and the answer: the
// denial ends as if at the question, so never late, and clients are told times as if at
// the answer, so that nobody comes back early.
type denial struct {
	rule         Rule
	cost         int64
	remaining    int64
	asked, until int64
	retry, reset int64
	renewed      atomic.Bool // somebody asks again
}

// believed says that the denial still holds.
func (n *denial) believed(now int64) bool { return now < n.until && now < n.asked+int64(trustFor) }

func newDenials(client rueidis.Client, prefix string, most int) *denials {
	if most < 0 {
		return nil
	}
	d := &denials{client: client, prefix: liftKey(prefix, ""), seed: maphash.MakeSeed(), most: max(1, most/denialShards)}
	d.prefix = d.prefix[:len(d.prefix)-1]
	for i := range d.shards {
		d.shards[i].of = map[string][]*denial{}
	}
	return d
}

func (d *denials) shard(subject string) *denialShard {
	return &d.shards[maphash.String(d.seed, subject)%denialShards]
}

// asking is taken before Redis is asked.
type asking struct {
	tracker *nearcache.Tracker
	changes uint64
	at      int64
	fresh   bool // whatever is lifted from then on is heard
}

func (d *denials) asking() asking {
	if d == nil {
		return asking{}
	}
	a := asking{tracker: d.tracker.Load(), changes: d.changes.Load()}
	if a.tracker != nil {
		a.at = a.tracker.Now()
		a.fresh = a.tracker.Fresh(a.at)
	}
	return a
}

// find returns the result of a charge that is known to be denied.
func (d *denials) find(c Charge) (Result, bool) {
	if d == nil {
		return Result{}, false
	}
	t := d.tracker.Load()
	if t == nil {
		return Result{}, false
	}
	now := t.Now()
	if !t.Fresh(now) {
		return Result{}, false
	}
	subject := redisx.Escape(c.Subject)
	s := d.shard(subject)
	s.mu.RLock()
	defer s.mu.RUnlock()
	known := s.of[subject]
	best := -1
	for i := range known {
		if known[i].believed(now) && known[i].concerns(c) && (best < 0 || known[i].until > known[best].until) {
			best = i
		}
	}
	if best < 0 {
		return Result{}, false
	}
	n := known[best]
	if now >= n.asked+int64(renewAfter) && n.renewed.CompareAndSwap(false, true) {
		return Result{}, false
	}
	return Result{
		Subject: c.Subject, Rule: n.rule.Name, Limit: n.rule.Limit, Remaining: n.remaining,
		RetryAfter: time.Duration(n.retry - now), ResetAfter: time.Duration(n.reset - now), Remembered: true,
	}, true
}

// concerns says that the charge is denied as the one was that is remembered.
func (n *denial) concerns(c Charge) bool {
	if c.Cost < n.cost {
		return false
	}
	// Where room comes bit by bit, more of it takes longer.
	return (c.Cost == n.cost || n.rule.Algorithm == FixedWindow) && slices.Contains(c.Rules, n.rule)
}

// remember keeps a denial of Redis. Of several rules it keeps the one that refused
// for the longest time; where that is over the others are.
func (d *denials) remember(a asking, c Charge, r Result) {
	if d == nil {
		return
	}
	if a.tracker == nil {
		d.begin()
		return // nothing is heard yet of what is lifted
	}
	if !a.fresh {
		return
	}
	answered := a.tracker.Now()
	n := &denial{
		cost: c.Cost, remaining: r.Remaining, asked: a.at, until: a.at + int64(r.RetryAfter),
		retry: answered + int64(r.RetryAfter), reset: answered + int64(r.ResetAfter),
	}
	for _, rule := range c.Rules {
		if rule.Name == r.Rule {
			n.rule = rule
		}
	}
	if n.rule.Algorithm != FixedWindow && c.Cost > 1 {
		return // what remains grows before there is room
	}
	subject := redisx.Escape(c.Subject)
	s := d.shard(subject)
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.changes.Load() != a.changes || !a.tracker.Fresh(answered) {
		return
	}
	known := s.of[subject]
	for i := range known {
		if known[i].rule == n.rule {
			// A higher cost is no news of a lower one that was denied; and answers
			// may overtake each other.
			if n.asked >= known[i].asked && (n.cost <= known[i].cost || !known[i].believed(n.asked)) {
				known[i] = n
			}
			return
		}
	}
	s.makeRoom(d.most, a.at)
	s.of[subject] = append(s.of[subject], n)
	s.len++
}

// admitted forgets what an admission by Redis disproves: there was room.
func (d *denials) admitted(a asking, c Charge) {
	if d == nil || a.tracker == nil {
		return
	}
	subject := redisx.Escape(c.Subject)
	s := d.shard(subject)
	s.mu.RLock()
	known := len(s.of[subject])
	s.mu.RUnlock()
	if known > 0 {
		s.disprove(subject, c, a.at)
	}
}

func (s *denialShard) disprove(subject string, c Charge, asked int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.of[subject]
	left := slices.DeleteFunc(before, func(n *denial) bool { return n.asked <= asked && n.concerns(c) })
	s.len -= len(before) - len(left)
	if s.of[subject] = left; len(left) == 0 {
		delete(s.of, subject)
	}
}

// makeRoom drops some subjects, of a few the one whose denials are over, or any.
func (s *denialShard) makeRoom(most int, now int64) {
	for s.len >= most {
		looked, victim := 0, ""
		for subject, known := range s.of {
			if victim = subject; known[0].until <= now || looked == 8 {
				break
			}
			looked++
		}
		s.len -= len(s.of[victim])
		delete(s.of, victim)
	}
}

// lift forgets the denials of a subject, escaped.
func (d *denials) lift(subject string) {
	if d == nil {
		return
	}
	s := d.shard(subject)
	s.mu.Lock()
	defer s.mu.Unlock()
	d.changes.Add(1) // under the lock: what is being remembered comes before or is refused
	s.len -= len(s.of[subject])
	delete(s.of, subject)
}

// liftAll forgets everything.
func (d *denials) liftAll() {
	for i := range d.shards {
		s := &d.shards[i]
		s.mu.Lock()
		d.changes.Add(1)
		clear(s.of)
		s.len = 0
		s.mu.Unlock()
	}
}

// begin starts to listen: with the first denial, because most limiters see none.
func (d *denials) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.tracker.Load() != nil {
		return
	}
	d.tracker.Store(nearcache.NewTracker(d.client, nearcache.TrackerOptions{
		Prefixes: []string{d.prefix},
		OnChange: func(name string) {
			if len(name) > len(d.prefix) {
				d.lift(name[len(d.prefix) : len(name)-1])
			}
		},
		OnGap: d.liftAll,
	}))
}

// count is how many are remembered.
func (d *denials) count() (n int) {
	if d == nil {
		return 0
	}
	for i := range d.shards {
		s := &d.shards[i]
		s.mu.RLock()
		n += s.len
		s.mu.RUnlock()
	}
	return n
}

func (d *denials) close() {
	if d == nil {
		return
	}
	d.mu.Lock()
	d.closed = true
	t := d.tracker.Load()
	d.mu.Unlock()
	if t != nil {
		t.Close()
	}
}
