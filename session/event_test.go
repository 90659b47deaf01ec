package session_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// diary writes down the events of a manager.
type diary struct {
	mu     sync.Mutex
	events []session.Event
}

func (d *diary) write(e session.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
}

// read returns what was written since the last time.
func (d *diary) read() []session.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	events := d.events
	d.events = nil
	return events
}

func (d *diary) want(t *testing.T, after string, want ...session.Event) {
	t.Helper()
	if got := d.read(); !slices.Equal(got, want) {
		t.Errorf("after %s: %+v, want %+v", after, got, want)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	var d diary
	b := newBed(t, session.Options{OnEvent: d.write})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	token, s := b.login(t, "1")
	d.want(t, "create", session.Event{Kind: session.EventCreated, UserID: "1", SessionID: s.ID})

	must(b.Touch(t.Context(), s))
	must(b.Touch(t.Context(), aged(s)))
	d.want(t, "touches that wrote nothing")
	b.age(t, s, 2*time.Minute)
	must(b.Touch(t.Context(), aged(s)))
	d.want(t, "touch", session.Event{Kind: session.EventTouched, UserID: "1", SessionID: s.ID})

	old := s.ID
	token, s, err := b.Rotate(t.Context(), token)
	must(err)
	d.want(t, "rotate", session.Event{Kind: session.EventRotated, UserID: "1", SessionID: s.ID, Previous: old})

	must(b.RevokeOthers(t.Context(), s))
	d.want(t, "revoke others", session.Event{Kind: session.EventRevoked, UserID: "1", SessionID: s.ID, Reason: session.ReasonOthers})

	must(b.Revoke(t.Context(), token))
	must(b.Revoke(t.Context(), token)) // nothing is left to end
	d.want(t, "logout", session.Event{Kind: session.EventRevoked, UserID: "1", SessionID: s.ID, Reason: session.ReasonLogout})

	_, s = b.login(t, "1")
	d.read()
	must(b.RevokeID(t.Context(), "1", s.ID))
	_ = b.RevokeID(t.Context(), "1", s.ID)
	d.want(t, "revoke by id", session.Event{Kind: session.EventRevoked, UserID: "1", SessionID: s.ID, Reason: session.ReasonID})

	must(b.RevokeAll(t.Context(), "1"))
	must(b.RevokeAll(t.Context(), "nobody"))
	d.want(t, "revoke all", session.Event{Kind: session.EventRevoked, UserID: "1", Reason: session.ReasonAll})

	must(b.Advance(t.Context(), "1", 2))
	must(b.Advance(t.Context(), "1", 2))
	must(b.Advance(t.Context(), "nobody", 2))
	d.want(t, "advance", session.Event{Kind: session.EventRevoked, UserID: "1", Reason: session.ReasonVersion})

	must(b.RevokeEveryone(t.Context()))
	d.want(t, "revoke everyone", session.Event{Kind: session.EventRevoked, Reason: session.ReasonEveryone})
}

// Of what failed nothing is told, and of a rotation that lost its race neither.
func TestNoEventOfWhatFailed(t *testing.T) {
	t.Parallel()
	var d diary
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), session.Options{OnEvent: d.write, RedisTimeout: time.Second})
	token, s := b.login(t, "1")
	if err := b.Revoke(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	d.read()
	if _, _, err := b.Rotate(t.Context(), token); err == nil {
		t.Fatal("rotated a session that has ended")
	}
	server.Kill(t)
	for name, op := range operations(b, token, s) {
		if err := op(t.Context()); err == nil {
			t.Errorf("%s succeeded", name)
		}
	}
	d.want(t, "failures")
}

func TestEventsCarryNoToken(t *testing.T) {
	t.Parallel()
	var d diary
	b := newBed(t, session.Options{OnEvent: d.write})
	token, _ := b.login(t, "1")
	second, _, err := b.Rotate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Revoke(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	for _, e := range d.read() {
		for _, text := range []string{e.UserID, e.SessionID, e.Previous, string(e.Kind), string(e.Reason)} {
			if strings.Contains(text, token) || strings.Contains(text, second) {
				t.Errorf("%+v carries a token", e)
			}
		}
	}
}
