package history_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// tally is what happened during a part of the history.
type tally struct {
	Local, Redis, Database int // reads by source
	Unavailable            int // of those from the database, because Redis could not be asked
	Confirmed, Unconfirmed int // writes
	Settled, Gated         int
	Stopped                int
}

// count counts, for some workers or for all.
func count(events []event, workers ...int) tally {
	var n tally
	for _, e := range events {
		if len(workers) > 0 && !slices.Contains(workers, e.Worker) {
			continue
		}
		switch e.Kind {
		case kindRead:
			switch e.Source {
			case "local":
				n.Local++
			case "redis":
				n.Redis++
			case "database":
				n.Database++
			}
			if e.Unavailable {
				n.Unavailable++
			}
		case kindWrite:
			if e.Confirmed {
				n.Confirmed++
			} else {
				n.Unconfirmed++
			}
		case kindSettled:
			n.Settled++
		case kindGated:
			n.Gated++
		case kindStopped:
			n.Stopped++
		}
	}
	return n
}

// failures are the events that never happen in a correct run.
func failures(events []event) string {
	var s strings.Builder
	for _, e := range events {
		if e.Kind == kindFailed {
			fmt.Fprintf(&s, "\n%+v", e)
		}
	}
	return s.String()
}

// span is a duration between two instants of now.
func span(from, to int64) time.Duration { return time.Duration(to - from) }

// quickestRedisRead is how long the quickest read of a worker took that Redis
// answered, among those that ran between two instants.
func (r *rig) quickestRedisRead(worker int, from, to int64) time.Duration {
	quickest := time.Hour
	for _, e := range r.told(0) {
		if e.Kind == kindRead && e.Worker == worker && e.Source == "redis" && e.Start > from && e.End < to {
			quickest = min(quickest, span(e.Start, e.End))
		}
	}
	return quickest
}

// longestWait is how long the slowest read of the quiet key took that ended after
// an instant.
func (r *rig) longestWait(after int64) time.Duration {
	var longest time.Duration
	for _, e := range r.told(0) {
		if e.Kind == kindRead && e.Key == quietKey && e.End > after {
			longest = max(longest, span(e.Start, e.End))
		}
	}
	return longest
}
