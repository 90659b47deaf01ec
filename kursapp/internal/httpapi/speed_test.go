package httpapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/session"
)

// discard is an http.ResponseWriter that does what that of net/http does before
// anything goes out, and no more: a new map of headers for each request, which is
// copied when the status is known.
type discard struct {
	header, sent http.Header
	status       int
	bytes        int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) WriteHeader(status int) {
	d.status = status
	d.sent = d.header.Clone()
}

func (d *discard) Write(p []byte) (int, error) {
	if d.status == 0 {
		d.WriteHeader(http.StatusOK)
	}
	d.bytes += len(p)
	return len(p), nil
}

// serve has h answer r, on a writer that is used again for each request.
func (d *discard) serve(h http.Handler, r *http.Request) {
	d.header, d.sent, d.status, d.bytes = http.Header{}, nil, 0, 0
	r.Pattern = "" // ServeMux writes into the request
	h.ServeHTTP(d, r)
}

// bare is the least that a Go server can do for an answer of the same bytes with
// those headers that do not depend on the request.
func bare(body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		setCommonHeaders(h)
		h["Cache-Control"] = privateNoCache
		h["Content-Type"] = contentJSON
		_, _ = w.Write(body)
	})
}

// hit is a demo in which user 1 lies in the cache, without the cache.
func hit(tb testing.TB) (h http.Handler, raw []byte) {
	tb.Helper()
	raw, err := json.Marshal(max1)
	if err != nil {
		tb.Fatal(err)
	}
	s := newSite(tb, Demo, func(_ *Deps, c *Config) { c.Logger = slog.New(slog.DiscardHandler) })
	s.users.get = func(context.Context, int64) (cache.Entry[kurs.User], error) {
		return cache.Entry[kurs.User]{Value: max1, Raw: raw, Source: cache.SourceLocal, TTL: 57 * time.Second}, nil
	}
	return s, raw
}

// cachedUsers are the domain's users on a real cache whose local tier has Max.
func cachedUsers(tb testing.TB) *kurs.Users {
	tb.Helper()
	users := kurs.NewUsers(kurs.UsersDeps{
		Store:        &memoryStore{max: &kurs.Account{User: max1}},
		Client:       redistest.Start(tb).Client(tb),
		CacheOptions: cache.Options{LocalBytes: 1 << 20, TTL: time.Hour},
	})
	tb.Cleanup(users.Close)
	for deadline := time.Now().Add(time.Minute); ; {
		e, err := users.Get(tb.Context(), 1)
		if err != nil {
			tb.Fatal(err)
		}
		if e.Source == cache.SourceLocal {
			return users
		}
		if time.Now().After(deadline) {
			tb.Fatalf("user 1 still comes from %v", e.Source)
		}
	}
}

// BenchmarkGetUser compares a cached GET /users/{id}, without the network, to a
// bare handler that writes the same: what "chain" costs more than "bare" is this
// package's, and what "local" costs more than that is the cache's.
func BenchmarkGetUser(b *testing.B) {
	chain, raw := hit(b)
	local := newSite(b, Demo, func(d *Deps, c *Config) {
		c.Logger = slog.New(slog.DiscardHandler)
		d.Users = cachedUsers(b)
	})
	for _, bench := range []struct {
		name string
		h    http.Handler
	}{{"bare", bare(raw)}, {"chain", chain}, {"local", local}} {
		b.Run(bench.name, func(b *testing.B) {
			r := call{method: "GET", target: "/users/1"}.request(b)
			var w discard
			b.ReportAllocs()
			for b.Loop() {
				w.serve(bench.h, r)
			}
			if w.status != http.StatusOK || w.bytes != len(raw) {
				b.Errorf("status %d with %d bytes", w.status, w.bytes)
			}
		})
	}
}

// hotSession is production, with Max logged in and both his session and his user in
// memory. It asks neither Redis nor the store, which is empty but for Max.
func hotSession(tb testing.TB) (h http.Handler, token string) {
	tb.Helper()
	client := redistest.Start(tb).Client(tb)
	sessions := kurs.NewSessions(client, session.Options{})
	tb.Cleanup(sessions.Close)
	users := cachedUsers(tb)
	s := newSite(tb, Production, func(d *Deps, c *Config) {
		c.Logger = slog.New(slog.DiscardHandler)
		d.Users, d.Sessions = users, sessions
		d.Accounts = kurs.NewAccounts(kurs.AccountsDeps{Users: users, Sessions: sessions})
	})
	epoch, err := sessions.Epoch(tb.Context(), max1.ID)
	if err != nil {
		tb.Fatal(err)
	}
	token, _, err = sessions.Create(tb.Context(), max1.ID, epoch, kurs.SessionData{Name: "Max", Email: "max@example.com", Role: kurs.RoleUser})
	if err != nil {
		tb.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); sessions.Stats().LocalHits == 0; {
		if _, err := sessions.Lookup(tb.Context(), token); err != nil {
			tb.Fatal(err)
		}
		if time.Now().After(deadline) {
			tb.Fatal("the session does not come from memory")
		}
	}
	return s, token
}

const profileOfMax = `{"user_id":"1","name":"Max","email":"max@example.com"}`

// BenchmarkGetProfile compares GET /profile of a session in memory to a bare handler.
func BenchmarkGetProfile(b *testing.B) {
	profile, token := hotSession(b)
	for _, bench := range []struct {
		name string
		h    http.Handler
	}{{"bare", bare([]byte(profileOfMax))}, {"local", profile}} {
		b.Run(bench.name, func(b *testing.B) {
			r := call{"GET", "/profile", "", []string{"Authorization", "Bearer " + token}}.request(b)
			var w discard
			b.ReportAllocs()
			for b.Loop() {
				w.serve(bench.h, r)
			}
			if w.status != http.StatusOK || w.bytes != len(profileOfMax) {
				b.Errorf("status %d with %d bytes", w.status, w.bytes)
			}
		})
	}
}

// TestAProfileTakesFewAllocationsMoreThanABareHandler: no more than a user does.
func TestAProfileTakesFewAllocationsMoreThanABareHandler(t *testing.T) {
	h, token := hotSession(t)
	r := call{"GET", "/profile", "", []string{"Authorization", "Bearer " + token}}.request(t)
	var w discard
	count := func(h http.Handler) float64 { return testing.AllocsPerRun(200, func() { w.serve(h, r) }) }
	if least, got := count(bare([]byte(profileOfMax))), count(h); got > least+2 || w.status != http.StatusOK {
		t.Errorf("status %d, %v allocations, the bare handler has %v", w.status, got, least)
	}
}

// TestACachedUserTakesFewAllocationsMoreThanABareHandler: more than eight names of
// headers would add five.
func TestACachedUserTakesFewAllocationsMoreThanABareHandler(t *testing.T) {
	h, raw := hit(t)
	r := call{method: "GET", target: "/users/1"}.request(t)
	var w discard
	count := func(h http.Handler) float64 { return testing.AllocsPerRun(200, func() { w.serve(h, r) }) }
	if least, got := count(bare(raw)), count(h); got > least+2 {
		t.Errorf("%v allocations, the bare handler has %v", got, least)
	}
}
