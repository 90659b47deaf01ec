package sessiontest_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/session"
	"github.com/speedlayer/speedlayer/session/sessiontest"
)

func created(user, id string) session.Event {
	return session.Event{Kind: session.EventCreated, UserID: user, SessionID: id}
}

func TestRecorderRemembersEventsInOrderAndCountsThem(t *testing.T) {
	t.Parallel()
	var r sessiontest.Recorder
	revoked := session.Event{Kind: session.EventRevoked, UserID: "1", Reason: session.ReasonAll}
	all := []session.Event{created("1", "a"), revoked, created("2", "b")}
	for _, e := range all {
		r.Record(e)
	}
	events := r.Events()
	if !slices.Equal(events, all) {
		t.Errorf("events: %v", events)
	}
	if r.Count(session.EventCreated) != 2 || r.Count(session.EventRevoked) != 1 || r.Count(session.EventTouched) != 0 {
		t.Error("counts are wrong")
	}
	r.Reset()
	if len(r.Events()) != 0 || r.Count(session.EventCreated) != 0 {
		t.Errorf("after Reset: %v", r.Events())
	}
	r.Record(created("3", "c"))
	if !slices.Equal(events, all) {
		t.Errorf("what Events returned has changed: %v", events)
	}
}

func TestRecorderKeepsTheNewestTenThousandEvents(t *testing.T) {
	t.Parallel()
	var r sessiontest.Recorder
	for i := range 35_003 {
		r.Record(created(strconv.Itoa(i), "a"))
	}
	events := r.Events()
	if len(events) != 10_000 || events[0].UserID != "25003" || events[9_999].UserID != "35002" {
		t.Errorf("%d events from %s to %s", len(events), events[0].UserID, events[len(events)-1].UserID)
	}
}

func TestRecorderReturnsTheFirstEventThatIsThereAlready(t *testing.T) {
	t.Parallel()
	var r sessiontest.Recorder
	for _, e := range []session.Event{created("2", "a"), {Kind: session.EventTouched, UserID: "1", SessionID: "b"}, created("1", "c"), created("1", "d")} {
		r.Record(e)
	}
	if e := r.Wait(t, session.EventCreated, "1"); e.SessionID != "c" {
		t.Errorf("got %+v, want the third event", e)
	}
}

func TestRecorderWaitsForAnEventToCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r sessiontest.Recorder
		got := make(chan session.Event, 2)
		for range 2 {
			go func() { got <- r.Wait(t, session.EventCreated, "1") }()
		}
		synctest.Wait()
		r.Record(created("2", "a"))
		r.Record(session.Event{Kind: session.EventTouched, UserID: "1"})
		synctest.Wait()
		if len(got) != 0 {
			t.Fatalf("it returned %v", <-got)
		}
		r.Record(created("1", "b"))
		for range 2 {
			if e := <-got; e.SessionID != "b" {
				t.Errorf("got %+v", e)
			}
		}
	})
}

func TestRecorderFailsTheTestAndSaysWhatItSaw(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r sessiontest.Recorder
		f := &fakeTB{}
		wantFatal(t, f, func() { r.Wait(f, session.EventRevoked, "1") }, "no event at all")
		for i := range 60 {
			r.Record(created(strconv.Itoa(i), "a"))
		}
		r.Record(session.Event{Kind: session.EventRevoked, UserID: "7", Reason: session.ReasonAll})
		f, began := &fakeTB{}, time.Now()
		wantFatal(t, f, func() { r.Wait(f, session.EventRevoked, "1") },
			`no event "revoked" about user "1" after 20s. The last 50 of 61:`,
			"\n\tcreated, user \"59\", session a\n\trevoked, user \"7\", reason all")
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("it gave up after %v", took)
		}
		if strings.Contains(f.failures[0], `"10"`) {
			t.Error("the message shows more than 50 events")
		}
	})
}

func TestRecorderIsToldByAManager(t *testing.T) {
	t.Parallel()
	var r sessiontest.Recorder
	m := newManager(t, sessiontest.Redis(t), session.Options{OnEvent: r.Record})
	sessiontest.LogIn(t, m, 42, profile{})
	if err := m.RevokeAll(t.Context(), 42); err != nil {
		t.Fatal(err)
	}
	r.Wait(t, session.EventCreated, "42")
	if e := r.Wait(t, session.EventRevoked, "42"); e.Reason != session.ReasonAll {
		t.Errorf("%+v", e)
	}
}

func TestRecorderMayBeUsedConcurrently(t *testing.T) {
	t.Parallel()
	var (
		r  sessiontest.Recorder
		wg sync.WaitGroup
	)
	for i := range 8 {
		user := strconv.Itoa(i)
		wg.Go(func() {
			for range 100 {
				r.Record(created(user, "a"))
				_ = r.Events()
			}
		})
		wg.Go(func() { r.Wait(t, session.EventCreated, user) })
	}
	wg.Wait()
	if n := r.Count(session.EventCreated); n != 800 {
		t.Errorf("counted %d, want 800", n)
	}
}
