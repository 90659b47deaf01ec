package history_test

import (
	"cmp"
	"math"
	"slices"
)

// maxWho bounds the number of caches in a history.
const maxWho = 5 * cachesPerWorker

// record is a history, and the versions of the rows, read after its last event.
// Every row has version 1 before it begins.
type record struct {
	events []event
	final  []int64
}

// commit is a version that came into the database between two instants.
type commit struct {
	version    int64
	start, end int64
}

// commits returns the versions of a key from 2 on, in order, and how many of them
// nobody reported: their writer was killed, or has not yet returned. Such a commit
// lies between the versions around it.
func (r record) commits(key int) (all []commit, unreported int) {
	byVersion := map[int64]event{}
	for _, e := range r.events {
		if e.Kind == kindWrite && e.Key == key {
			byVersion[e.Version] = e
		}
	}
	all = make([]commit, 0, r.final[key])
	for v := int64(2); v <= r.final[key]; v++ {
		c := commit{version: v, end: math.MaxInt64}
		if e, ok := byVersion[v]; ok {
			c.start, c.end = e.Start, e.Written
		} else {
			unreported++
			if len(all) > 0 {
				c.start = all[len(all)-1].start
			}
		}
		all = append(all, c)
	}
	for i := len(all) - 2; i >= 0; i-- {
		all[i].end = min(all[i].end, all[i+1].end)
	}
	return all, unreported
}

// confirmation says that the invalidation after a version was confirmed.
type confirmation struct {
	version int64
	at      int64
	who     int
}

// confirmations returns those of a key by time. A failed invalidation is confirmed
// when its cache says that nothing is open any more.
func (r record) confirmations(key int) []confirmation {
	settled := map[int][]event{}
	for _, e := range r.events {
		if e.Kind == kindSettled {
			settled[e.who()] = append(settled[e.who()], e)
		}
	}
	var all []confirmation
	for _, e := range r.events {
		if e.Kind != kindWrite || e.Key != key {
			continue
		}
		c := confirmation{version: e.Version, at: e.End, who: e.who()}
		if !e.Confirmed {
			i := slices.IndexFunc(settled[e.who()], func(s event) bool { return s.Start >= e.End })
			if i < 0 {
				continue
			}
			c.at = settled[e.who()][i].End
		}
		all = append(all, c)
	}
	slices.SortFunc(all, byInstant)
	return all
}

// returned is when Invalidate returned, confirmed or not, for each version of a
// key, by time.
func (r record) returned(key int) []confirmation {
	var all []confirmation
	for _, e := range r.events {
		if e.Kind == kindWrite && e.Key == key {
			all = append(all, confirmation{version: e.Version, at: e.End, who: e.who()})
		}
	}
	slices.SortFunc(all, byInstant)
	return all
}

func byInstant(a, b confirmation) int { return cmp.Compare(a.at, b.at) }

// reads returns the reads of a key that fit.
func (r record) reads(key int, fit func(event) bool) []event {
	var some []event
	for _, e := range r.events {
		if e.Kind == kindRead && e.Key == key && fit(e) {
			some = append(some, e)
		}
	}
	return some
}
