package sessiontest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/session"
)

const (
	remembered = 10_000 // events that a Recorder keeps
	printed    = 50     // of these, the ones in the message of a failed Wait
)

// Recorder remembers what happened to sessions; its [Recorder.Record] is for
// Options.OnEvent. It keeps the newest 10,000 events and forgets older ones. The
// zero value is ready for use. All methods are safe for concurrent use, and one
// Recorder may record several managers.
type Recorder struct {
	mu      sync.Mutex
	events  []session.Event
	changed chan struct{} // closed, and made anew, by each Record; nil while nobody waits
}

// Record remembers an event; a manager calls it.
func (r *Recorder) Record(e session.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) >= 2*remembered { // seldom, so that an event costs little
		r.events = slices.Clone(r.events[len(r.events)-remembered:])
	}
	r.events = append(r.events, e)
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// Events returns the newest 10,000 events since the last Reset, oldest first.
func (r *Recorder) Events() []session.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.newest(remembered))
}

// Count returns how many of these events are of a kind.
func (r *Recorder) Count(kind session.EventKind) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, e := range r.newest(remembered) {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// Reset forgets all events.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = nil
}

// Wait returns the oldest remembered event of this kind about this user, or else
// waits for one. If none comes, it fails the test with a list of what did. The user
// is written as in Event.UserID. Call [Recorder.Reset] before what is waited for, to
// leave out what happened earlier.
func (r *Recorder) Wait(tb testing.TB, kind session.EventKind, userID string) session.Event {
	tb.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		e, changed := r.find(kind, userID)
		if changed == nil {
			return e
		}
		select {
		case <-changed:
		case <-timeout.C:
			tb.Fatalf("sessiontest: no event %q about user %q after %v. %s", kind, userID, patience, r.seen())
			return session.Event{}
		}
	}
}

// find returns an event, or else what is closed when there is another one. Both under
// one lock, so that no event slips through between.
func (r *Recorder) find(kind session.EventKind, userID string) (session.Event, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.newest(remembered) {
		if e.Kind == kind && e.UserID == userID {
			return e, nil
		}
	}
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return session.Event{}, r.changed
}

func (r *Recorder) newest(n int) []session.Event { return r.events[max(0, len(r.events)-n):] }

// seen says what happened instead of what was waited for.
func (r *Recorder) seen() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) == 0 {
		return "There was no event at all."
	}
	var b strings.Builder
	last := r.newest(printed)
	fmt.Fprintf(&b, "The last %d of %d:", len(last), len(r.newest(remembered)))
	for _, e := range last {
		fmt.Fprintf(&b, "\n\t%s, user %q", e.Kind, e.UserID)
		if e.SessionID != "" {
			fmt.Fprintf(&b, ", session %s", e.SessionID)
		}
		if e.Reason != "" {
			fmt.Fprintf(&b, ", reason %s", e.Reason)
		}
	}
	return b.String()
}
