package history_test

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// newest answers which version was the newest at an instant.
type newest struct {
	at      []int64
	version []int64 // the newest up to and with at
}

func newestOf(all []confirmation) newest {
	var n newest
	for _, c := range all { // by time
		version := c.version
		if len(n.version) > 0 {
			version = max(version, n.version[len(n.version)-1])
		}
		n.at, n.version = append(n.at, c.at), append(n.version, version)
	}
	return n
}

// when returns the newest version at an instant; 1 if there was none.
func (n newest) when(at int64) int64 {
	i := sort.Search(len(n.at), func(i int) bool { return n.at[i] > at })
	if i == 0 {
		return 1
	}
	return n.version[i-1]
}

// readVersion is the version that a read returned. One that found no row may have seen any
// version that says so; the newest that was there counts.
func readVersion(e event, written newest) int64 {
	if !e.Gone {
		return e.Version
	}
	return written.when(e.End) / goneEvery * goneEvery
}

// tooStale returns what the cache with a local tier returned and must not have: a
// version older than the newest whose invalidation was confirmed maxStaleness before
// the read began, or than the newest that was invalidated through the same cache.
func (r record) tooStale() (judged int, wrong []string) {
	for key := range r.final {
		confirmed, written := newestOf(r.confirmations(key)), newestOf(r.beginnings(key))
		own := map[int]newest{}
		for _, e := range r.reads(key, isLocalCache) {
			judged++
			n, ok := own[e.who()]
			if !ok {
				n = newestOf(slices.DeleteFunc(r.returned(key), func(c confirmation) bool { return c.who != e.who() }))
				own[e.who()] = n
			}
			got := readVersion(e, written)
			if least := confirmed.when(e.Start - int64(maxStaleness)); got < least {
				wrong = append(wrong, fmt.Sprintf("key %d: cache %d read %d from %s at %d, and %d was confirmed more than %v before",
					key, e.who(), got, e.Source, e.Start, least, maxStaleness))
			}
			if least := n.when(e.Start); got < least {
				wrong = append(wrong, fmt.Sprintf("key %d: cache %d read %d from %s at %d, and had invalidated %d before",
					key, e.who(), got, e.Source, e.Start, least))
			}
			if latest := written.when(e.End); e.Version > latest {
				wrong = append(wrong, fmt.Sprintf("key %d: cache %d read %d at %d, and the newest was %d", key, e.who(), e.Version, e.End, latest))
			}
		}
	}
	return judged, wrong
}

// beginnings is when the UPDATE of each version was sent at the earliest.
func (r record) beginnings(key int) []confirmation {
	commits, _ := r.commits(key)
	all := make([]confirmation, len(commits))
	for i, c := range commits {
		all[i] = confirmation{version: c.version, at: c.start}
	}
	slices.SortFunc(all, byInstant)
	return all
}

// isLocalCache reports whether a read is of a cache with a local tier.
func isLocalCache(e event) bool { return e.Cache == local }

// staleness returns, for each confirmed write, how long after its confirmation the
// last local hit of another cache still returned an older version; sorted.
func (r record) staleness() []time.Duration {
	var all []time.Duration
	for key := range r.final {
		confirmations, written := r.confirmations(key), newestOf(r.beginnings(key))
		worst := make([]time.Duration, len(confirmations))
		for _, e := range r.reads(key, func(e event) bool { return isLocalCache(e) && e.Source == "local" }) {
			got := readVersion(e, written)
			for i, c := range confirmations {
				if c.at >= e.Start {
					break
				}
				if c.version > got && c.who != e.who() {
					worst[i] = max(worst[i], span(c.at, e.Start))
				}
			}
		}
		all = append(all, worst...)
	}
	slices.Sort(all)
	return all
}
