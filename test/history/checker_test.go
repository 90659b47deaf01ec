package history_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The instants of the histories below are milliseconds.
const ms = int64(time.Millisecond)

func writeOf(who int, version, start, written, end int64) event {
	return event{
		Kind: kindWrite, Worker: who / 2, Cache: who % 2, Version: version,
		Start: start * ms, Written: written * ms, End: end * ms, Confirmed: true,
	}
}

func unconfirmed(e event) event {
	e.Confirmed = false
	return e
}

func settledOf(who int, start, end int64) event {
	return event{Kind: kindSettled, Worker: who / 2, Cache: who % 2, Start: start * ms, End: end * ms}
}

// readOf is a read; version 0 found no row.
func readOf(who int, source string, version, start, end int64) event {
	return event{
		Kind: kindRead, Worker: who / 2, Cache: who % 2, Source: source, Version: version, Gone: version == 0,
		Start: start * ms, End: end * ms,
	}
}

// The caches of the histories below: two with reads through Redis, and the one with
// a local tier beside the first of them.
const (
	here      = 0
	hereLocal = 1
	there     = 2
)

func TestCheckersJudgeHistories(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		final   int64
		events  []event
		promise bool // kept
		strict  bool
		stale   bool // too stale
	}{
		{"a read during the invalidation may be old", 2, []event{
			writeOf(here, 2, 0, 10, 20), readOf(there, "redis", 1, 15, 25),
		}, true, true, false},
		{"a read after the invalidation must not", 2, []event{
			writeOf(here, 2, 0, 10, 20), readOf(there, "redis", 1, 21, 25),
		}, false, false, false},
		{"nor one of the database", 2, []event{
			writeOf(here, 2, 0, 10, 20), readOf(there, "database", 1, 21, 25),
		}, false, true, false},
		{"nothing is read before it is written", 2, []event{
			readOf(there, "redis", 2, 0, 5), writeOf(here, 2, 10, 15, 20),
		}, false, false, false},
		{"nothing is read that was never written", 2, []event{
			writeOf(here, 2, 10, 15, 20), readOf(there, "redis", 3, 30, 35),
		}, false, false, false},
		{"the row may be gone from version 5 on", 6, []event{
			writeOf(here, 2, 0, 1, 2), writeOf(here, 3, 3, 4, 5), writeOf(here, 4, 6, 7, 8),
			writeOf(here, 5, 10, 15, 30), readOf(there, "redis", 0, 20, 21), writeOf(here, 6, 31, 32, 33),
		}, true, true, false},
		{"the row is not gone before version 5", 4, []event{
			writeOf(here, 2, 0, 1, 2), writeOf(here, 3, 3, 4, 5), writeOf(here, 4, 6, 7, 8), readOf(there, "redis", 0, 20, 21),
		}, false, false, false},
		{"the row is not gone after version 6", 6, []event{
			writeOf(here, 2, 0, 1, 2), writeOf(here, 3, 3, 4, 5), writeOf(here, 4, 6, 7, 8),
			writeOf(here, 5, 10, 15, 16), writeOf(here, 6, 17, 18, 19), readOf(there, "redis", 0, 20, 21),
		}, false, false, false},
		{"going back to a version that is not out is no breach of the promise", 2, []event{
			writeOf(here, 2, 0, 10, 50), readOf(there, "redis", 2, 15, 20), readOf(there, "redis", 1, 25, 30),
		}, true, false, false},
		{"a failed invalidation binds nobody else", 2, []event{
			unconfirmed(writeOf(here, 2, 0, 10, 20)), readOf(there, "redis", 1, 5000, 5001),
			readOf(hereLocal, "local", 1, 5000, 5001),
		}, true, true, false},
		{"but its own cache", 2, []event{
			unconfirmed(writeOf(here, 2, 0, 10, 20)), readOf(here, "redis", 1, 21, 25),
		}, false, false, false},
		{"and everybody once it is repeated", 2, []event{
			unconfirmed(writeOf(here, 2, 0, 10, 20)), settledOf(here, 100, 110), readOf(there, "redis", 1, 111, 120),
		}, false, false, false},
		{"a repetition before it failed says nothing", 2, []event{
			unconfirmed(writeOf(here, 2, 0, 10, 20)), settledOf(here, 15, 30), readOf(there, "redis", 1, 111, 120),
		}, true, true, false},
		{"a killed process may have written", 3, []event{
			writeOf(here, 3, 10, 15, 20), readOf(there, "redis", 2, 5, 6),
		}, true, true, false},
		{"a local hit may be old for a second", 2, []event{
			writeOf(there, 2, 0, 10, 20), readOf(hereLocal, "local", 1, 1019, 1020),
		}, true, true, false},
		{"not for longer", 2, []event{
			writeOf(there, 2, 0, 10, 20), readOf(hereLocal, "local", 1, 1020, 1021),
		}, true, true, true},
		{"not after an invalidation through the same cache", 2, []event{
			writeOf(hereLocal, 2, 0, 10, 20), readOf(hereLocal, "local", 1, 20, 21),
		}, true, true, true},
		{"not even after one that failed", 2, []event{
			unconfirmed(writeOf(hereLocal, 2, 0, 10, 20)), readOf(hereLocal, "local", 1, 20, 21),
		}, true, true, true},
		{"the second begins when a repetition is confirmed", 2, []event{
			unconfirmed(writeOf(there, 2, 0, 10, 20)), settledOf(there, 3000, 3001),
			readOf(hereLocal, "local", 1, 4000, 4001),
		}, true, true, false},
		{"and ends a second later", 2, []event{
			unconfirmed(writeOf(there, 2, 0, 10, 20)), settledOf(there, 3000, 3001),
			readOf(hereLocal, "local", 1, 4001, 4002),
		}, true, true, true},
		{"a row may be gone locally for a second", 6, []event{
			writeOf(there, 5, 0, 10, 20), writeOf(there, 6, 30, 40, 50), readOf(hereLocal, "local", 0, 1049, 1050),
		}, true, true, false},
		{"and not for longer", 6, []event{
			writeOf(there, 5, 0, 10, 20), writeOf(there, 6, 30, 40, 50), readOf(hereLocal, "local", 0, 1050, 1051),
		}, true, true, true},
		{"no local hit knows the future", 2, []event{
			readOf(hereLocal, "local", 2, 0, 5), writeOf(there, 2, 6, 10, 20),
		}, true, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := record{events: tc.events, final: []int64{tc.final}}
			for kind, kept := range []bool{promise: tc.promise, strict: tc.strict} {
				if _, wrong := h.check(kind); (len(wrong) == 0) != kept {
					t.Errorf("model %d: want kept = %v; wrong: %s", kind, kept, strings.Join(wrong, "\n"))
				}
			}
			if _, wrong := h.tooStale(); (len(wrong) > 0) != tc.stale {
				t.Errorf("want too stale = %v; wrong: %s", tc.stale, strings.Join(wrong, "\n"))
			}
		})
	}
}

// A read of the database is held to the promise, but to the strict model only where
// what it loaded was stored.
func TestStrictModelLeavesOutLoadsThatWereNotStored(t *testing.T) {
	t.Parallel()
	for stored, kept := range map[bool]bool{false: true, true: false} {
		load := readOf(here, "database", 2, 15, 20)
		load.Stored = stored
		h := record{final: []int64{2}, events: []event{
			writeOf(there, 2, 0, 10, 50), load, readOf(there, "redis", 1, 25, 30),
		}}
		if _, wrong := h.check(strict); (len(wrong) == 0) != kept {
			t.Errorf("stored = %v: want kept = %v; wrong: %s", stored, kept, strings.Join(wrong, "\n"))
		}
	}
}

// A violation far behind the beginning is found too: pieces take over the state of
// those before them.
func TestPiecesKnowWhatCameBefore(t *testing.T) {
	t.Parallel()
	h := record{final: []int64{300}}
	for v := int64(2); v <= 300; v++ {
		h.events = append(h.events, writeOf(here, v, 10*v, 10*v+1, 10*v+2))
	}
	for kind := range []string{promise: "promise", strict: "strict"} {
		if n := len(pieces(h.operations(0, kind), kind)); n < 20 {
			t.Fatalf("%d pieces", n)
		}
		if _, wrong := h.check(kind); len(wrong) > 0 {
			t.Fatalf("model %d: %v", kind, wrong)
		}
		old := record{final: h.final, events: slices.Concat(h.events, []event{readOf(there, "redis", 298, 4000, 4001)})}
		if _, wrong := old.check(kind); len(wrong) != 1 {
			t.Errorf("model %d: %d findings, want 1", kind, len(wrong))
		}
	}
}

func TestStalenessIsMeasuredFromTheConfirmation(t *testing.T) {
	t.Parallel()
	h := record{final: []int64{3}, events: []event{
		writeOf(there, 2, 0, 10, 20), readOf(hereLocal, "local", 1, 50, 51), readOf(hereLocal, "local", 1, 70, 71),
		writeOf(there, 3, 100, 110, 120), readOf(hereLocal, "local", 3, 121, 122),
		readOf(hereLocal, "redis", 1, 200, 201), // no local hit: does not count here
	}}
	got := h.staleness()
	if len(got) != 2 || got[0] != 0 || got[1] != 50*time.Millisecond {
		t.Errorf("got %v, want [0s 50ms]", got)
	}
}
