package ratelimit

import (
	"container/list"
	"strconv"
	"sync"
	"time"
)

// localStore counts in memory while Redis is gone, with the algorithms of the rules,
// and bounded.
//
// A counter is dropped one window after its last scheduling. Counters of one window
// length are dropped in the order in which they were scheduled, so each length has a
// queue, and making room looks at the head of each queue alone. A heap was rejected:
// there are as many lengths as rules, which is few.
type localStore struct {
	max  int
	now  func() time.Time
	base time.Time

	mu       sync.Mutex
	counters map[string]*localCounter
	queues   map[time.Duration]*list.List // of *localCounter, oldest first
	ids      uint64
}

type localCounter struct {
	key       string
	algorithm Algorithm
	meter     meter
	ends      time.Time // nothing counts any more then
	length    time.Duration
	place     *list.Element
}

// meter counts one subject's charges under one rule. Times are microseconds of the
// store's clock, which is monotonic.
type meter interface {
	// look reports what is counted now, and whether cost would be too much.
	look(r Rule, cost, now int64) state
	// charge follows a look of the same moment; whether there is room is not its
	// business. fresh names what begins with it. Afterwards nothing counts any more
	// when the counter ends; renewed says that this is one window from now.
	charge(r Rule, cost, now int64, fresh string) (s state, renewed bool)
	// refund gives back what was charged as window.
	refund(window string, cost, now int64)
}

func newMeter(a Algorithm) meter {
	switch a {
	case SlidingWindow:
		return &slidingMeter{}
	case GCRA:
		return &gcraMeter{}
	}
	return &fixedMeter{}
}

func newLocalStore(maxCounters int) *localStore {
	return &localStore{
		max: maxCounters, now: time.Now, base: time.Now(),
		counters: map[string]*localCounter{}, queues: map[time.Duration]*list.List{},
	}
}

// micros is the store's clock.
func (s *localStore) micros(now time.Time) int64 { return now.Sub(s.base).Microseconds() }

// take is take.lua: all rules are charged or none, and without charging none. It
// returns ok = false where a new counter is needed and there is no room.
func (s *localStore) take(c Charge, keys []string, charging bool) (states []state, allowed, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.expire(now)
	states = make([]state, len(keys))
	allowed, missing := true, 0
	for i, r := range c.Rules {
		counter := s.counters[keys[i]]
		if counter == nil {
			missing++
		}
		m := newMeter(r.Algorithm)
		if counter != nil && counter.algorithm == r.Algorithm {
			m = counter.meter
			if counter.ends.Sub(now) > r.window() { // the rule's window was shortened
				s.schedule(counter, now, r.window())
			}
		}
		states[i] = m.look(r, c.Cost, s.micros(now))
		allowed = allowed && !states[i].refused
	}
	if !charging || !allowed {
		return states, allowed, true
	}
	if len(s.counters)+missing > s.max {
		return nil, false, false
	}
	for i, r := range c.Rules {
		states[i] = s.charge(r, keys[i], c.Cost, now)
	}
	return states, true, true
}

func (s *localStore) charge(r Rule, key string, cost int64, now time.Time) state {
	counter := s.counters[key]
	if counter == nil {
		counter = &localCounter{key: key}
		s.counters[key] = counter
	}
	if counter.meter == nil || counter.algorithm != r.Algorithm {
		counter.algorithm, counter.meter = r.Algorithm, newMeter(r.Algorithm)
	}
	s.ids++
	charged, renewed := counter.meter.charge(r, cost, s.micros(now), strconv.FormatUint(s.ids, 36))
	if renewed {
		s.schedule(counter, now, r.window())
	}
	return charged
}

// schedule lets a counter end after length from now.
func (s *localStore) schedule(c *localCounter, now time.Time, length time.Duration) {
	if c.place != nil {
		s.queues[c.length].Remove(c.place)
	}
	if s.queues[length] == nil {
		s.queues[length] = list.New()
	}
	c.length, c.ends = length, now.Add(length)
	c.place = s.queues[length].PushBack(c)
}

// expire forgets every counter in which nothing counts any more.
func (s *localStore) expire(now time.Time) {
	for length, queue := range s.queues {
		for front := queue.Front(); front != nil; front = queue.Front() {
			c := front.Value.(*localCounter)
			if now.Before(c.ends) {
				break
			}
			queue.Remove(front)
			delete(s.counters, c.key)
		}
		if queue.Len() == 0 {
			delete(s.queues, length)
		}
	}
}

func (s *localStore) refund(p part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.expire(now)
	for i, key := range p.keys {
		if c := s.counters[key]; c != nil {
			c.meter.refund(p.windows[i], p.cost, s.micros(now))
		}
	}
}

func (s *localStore) reset(keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if c := s.counters[key]; c != nil {
			s.queues[c.length].Remove(c.place)
			delete(s.counters, key)
		}
	}
}
