package ratelimit

import (
	"container/list"
	"strconv"
	"sync"
	"time"
)

// localStore counts in memory while Redis is gone: fixed windows, as in Redis, and
// bounded.
//
// Counters of one window length expire in the order in which they began, so each
// length has a queue, and making room looks at the head of each queue alone. A heap
// was rejected: there are as many lengths as rules, which is few.
type localStore struct {
	max int
	now func() time.Time

	mu       sync.Mutex
	counters map[string]*localCounter
	queues   map[time.Duration]*list.List // of *localCounter, oldest first
	ids      uint64
}

type localCounter struct {
	key    string
	count  int64
	ends   time.Time
	window string
	length time.Duration
	place  *list.Element
}

func newLocalStore(maxCounters int) *localStore {
	return &localStore{
		max: maxCounters, now: time.Now,
		counters: map[string]*localCounter{}, queues: map[time.Duration]*list.List{},
	}
}

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
			continue
		}
		left := counter.ends.Sub(now)
		if left > r.Window { // the rule's window was shortened
			left = r.Window
			s.schedule(counter, now, r.Window)
		}
		states[i] = state{count: counter.count, left: left, window: counter.window}
		allowed = allowed && counter.count+c.Cost <= r.Limit
	}
	if !charging || !allowed {
		return states, allowed, true
	}
	if len(s.counters)+missing > s.max {
		return nil, false, false
	}
	for i, r := range c.Rules {
		counter := s.counters[keys[i]]
		if counter == nil {
			s.ids++
			counter = &localCounter{key: keys[i], window: strconv.FormatUint(s.ids, 36)}
			s.counters[keys[i]] = counter
			s.schedule(counter, now, r.Window)
			states[i] = state{left: r.Window, window: counter.window}
		}
		counter.count += c.Cost
		states[i].count = counter.count
	}
	return states, true, true
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

// expire forgets every counter whose window is over.
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
	s.expire(s.now())
	for i, key := range p.keys {
		if c := s.counters[key]; c != nil && c.window == p.windows[i] {
			c.count = max(0, c.count-p.cost)
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
