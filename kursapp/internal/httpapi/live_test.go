package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/live"
)

// briefLive counts nothing, and its streams have ended when they begin.
type briefLive struct{}

func (briefLive) Request(live.Answer, time.Duration, bool) {}

func (briefLive) Subscribe() (*live.Stream, error) {
	m := live.New(live.Info{Mode: "demo"})
	defer m.Stop()
	return m.Subscribe()
}

// station is a server on a real connection, whose timeouts are shorter than any stream.
type station struct {
	*httptest.Server
	monitor *live.Monitor
	stop    context.CancelFunc // of the monitor
}

func newStation(t *testing.T, mode Mode, mods ...func(*Deps, *Config)) *station {
	t.Helper()
	st := &station{monitor: live.New(live.Info{Version: "1.2.3", Mode: mode.String(), Started: time.Now()})}
	s := newSite(t, mode, append([]func(*Deps, *Config){func(d *Deps, _ *Config) { d.Live = st.monitor }}, mods...)...)
	st.Server = httptest.NewUnstartedServer(s)
	st.Config.ReadTimeout, st.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	st.Start()
	t.Cleanup(st.Close)
	// Before Close, which waits for the streams.
	ctx, stop := context.WithCancel(context.Background())
	st.stop = stop
	var running sync.WaitGroup
	running.Go(func() { st.monitor.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return st
}

// open opens a stream; headers are pairs.
func (st *station) open(t *testing.T, headers ...string) *viewer {
	t.Helper()
	w := st.get(t, "/web/live", headers...)
	if w.StatusCode != http.StatusOK || w.Header.Get("Content-Type") != "text/event-stream" || w.Header.Get("X-Accel-Buffering") != "no" ||
		w.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("status %d, %v", w.StatusCode, w.Header)
	}
	return w
}

func (st *station) get(t *testing.T, path string, headers ...string) *viewer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, st.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := st.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Body.Close() })
	return &viewer{w, bufio.NewReader(w.Body)}
}

// viewer is an answer that is read as it comes.
type viewer struct {
	*http.Response
	lines *bufio.Reader
}

// next returns the data of the next event of a name.
func (v *viewer) next(t *testing.T, name string) string {
	t.Helper()
	for event := ""; ; {
		line, err := v.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("before an event %q: %v", name, err)
		}
		if is, ok := strings.CutPrefix(line, "event: "); ok {
			event = strings.TrimSpace(is)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok && event == name {
			return data
		}
	}
}

func decodeAs[T any](t *testing.T, data string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

func TestAStreamShowsAReadAndThenNothing(t *testing.T) {
	t.Parallel()
	var users *kurs.Users
	st := newStation(t, Demo, func(d *Deps, _ *Config) {
		monitor := d.Live.(*live.Monitor)
		users = kurs.NewUsers(kurs.UsersDeps{
			Store: &memoryStore{max: &kurs.Account{User: max1}}, Client: redistest.Start(t).Client(t),
			CacheOptions: cache.Options{Observer: monitor, TTL: time.Hour},
		})
		t.Cleanup(users.Close)
		monitor.Watch(live.Sources{Cache: users.CacheStats})
		d.Users = users
	})
	v := st.open(t)
	hello := decodeAs[live.Hello](t, v.next(t, "hello"))
	if hello.Version != "1.2.3" || hello.Mode != "demo" || hello.Interval != 1000 || hello.About.CPUs < 1 {
		t.Errorf("hello %+v", hello)
	}
	v.next(t, "sample") // by now the timeouts of ordinary answers are over
	if w := st.get(t, "/users/1"); w.StatusCode != http.StatusOK {
		t.Fatalf("status %d", w.StatusCode)
	}
	var kinds []string
	for len(kinds) < 3 {
		for _, e := range decodeAs[live.Batch](t, v.next(t, "events")).Events {
			if e.Key == "cache:user:1" {
				kinds = append(kinds, e.Kind)
			}
		}
	}
	if got := strings.Join(kinds, " "); got != "miss load fill" {
		t.Errorf("events %s", got)
	}
	for {
		s := decodeAs[live.Sample](t, v.next(t, "sample"))
		if s.Reads.Database == 1 && s.HTTP.N == 1 && s.Latency.Database != nil && s.Latency.Database.N == 1 && s.Cache.Loads == 1 {
			break
		}
		if s.Reads != (live.Reads{}) {
			t.Fatalf("a read from the database counts as %+v", s)
		}
	}

	// The dashboard asks for what it needs, and nothing changes.
	before := decodeAs[live.Sample](t, v.next(t, "sample"))
	for _, path := range []string{"/web/me", "/web/live", "/health", "/docs", "/ui/", "/"} {
		w := st.get(t, path)
		_ = w.Body.Close()
	}
	v.next(t, "sample")
	after := decodeAs[live.Sample](t, v.next(t, "sample"))
	for _, s := range []*live.Sample{&before, &after} {
		s.T, s.HeapBytes, s.Routines = 0, 0, 0
	}
	one, _ := json.Marshal(before)
	two, _ := json.Marshal(after)
	if string(one) != string(two) || after.HTTP.N != 0 {
		t.Errorf("%s\nthen %s", one, two)
	}
}

func TestAStopEndsStreams(t *testing.T) {
	t.Parallel()
	st := newStation(t, Demo)
	viewers := make([]*viewer, 3)
	for i := range viewers {
		viewers[i] = st.open(t)
		viewers[i].next(t, "hello")
	}
	st.stop()
	drain, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := st.Config.Shutdown(drain); err != nil {
		t.Fatalf("with streams open the server did not end: %v", err)
	}
	for _, v := range viewers {
		if got := v.next(t, "end"); got != "{\"reason\":\"stop\"}\n" {
			t.Errorf("end %s", got)
		}
	}
}

func TestThe65thStreamIsRefused(t *testing.T) {
	t.Parallel()
	st := newStation(t, Demo)
	first := st.open(t)
	for range live.MaxStreams - 1 {
		st.open(t)
	}
	w := st.get(t, "/web/live")
	if w.StatusCode != http.StatusServiceUnavailable || w.Header.Get("Retry-After") != "10" || w.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("status %d, %v", w.StatusCode, w.Header)
	}
	_ = first.Body.Close()
	for deadline := time.Now().Add(time.Minute); ; {
		w := st.get(t, "/web/live")
		_ = w.Body.Close()
		if w.StatusCode == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a stream whose reader has gone keeps its place")
		}
	}
}

// watched is production, with an administrator whose session ask tells about.
func watched(t *testing.T, ask func() (kurs.Actor, error)) *viewer {
	t.Helper()
	accounts := &fakeAccounts{authenticate: func(context.Context, string) (kurs.Actor, error) { return ask() }}
	st := newStation(t, Production, func(d *Deps, c *Config) { d.Accounts, c.recheck = accounts, 10*time.Millisecond })
	v := st.open(t, "Authorization", asAdmin)
	v.next(t, "hello")
	return v
}

func adminUntil(end time.Time) kurs.Actor {
	return kurs.Actor{UserID: 1, Role: kurs.RoleAdmin, Session: &kurs.Session{ID: ownID, IdleExpiresAt: end}}
}

func TestWhoseSessionEndsSeesNothingMore(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]struct {
		actor kurs.Actor
		err   error
	}{
		"revoked":               {err: kurs.ErrSessionInvalid},
		"no longer allowed":     {actor: kurs.Actor{UserID: 1, Role: kurs.RoleUser}},
		"unknown and would end": {err: kurs.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			v := watched(t, func() (kurs.Actor, error) {
				if asked.Add(1) <= 3 {
					return adminUntil(time.Now().Add(100 * time.Millisecond)), nil
				}
				return later.actor, later.err
			})
			if got := v.next(t, "end"); got != "{\"reason\":\"session\"}\n" {
				t.Errorf("end %s", got)
			}
			if n := asked.Load(); n < 4 {
				t.Errorf("it ended after %d looks", n)
			}
		})
	}
}

// While Redis is gone the dashboard is what one needs.
func TestAStreamOutlivesAnOutageOfRedis(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	v := watched(t, func() (kurs.Actor, error) {
		if asked.Add(1) == 1 {
			return adminUntil(time.Now().Add(time.Hour)), nil
		}
		return kurs.Actor{}, kurs.ErrUnavailable
	})
	v.next(t, "sample")
	for before := asked.Load(); asked.Load() < before+3; {
		v.next(t, "sample")
	}
}

func TestAHeadOfTheStreamEnds(t *testing.T) {
	t.Parallel()
	m := live.New(live.Info{})
	s := newSite(t, Demo, func(d *Deps, _ *Config) { d.Live = m })
	if w := s.do(t, "HEAD", "/web/live", ""); w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("status %d with %d bytes", w.Code, w.Body.Len())
	}
}

func TestWithoutAMonitorThereIsNoStream(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo, func(d *Deps, _ *Config) { d.Live = nil })
	if w := s.do(t, "GET", "/web/live", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d", w.Code)
	}
}

// pipeWriter is an http.ResponseWriter on a connection that nobody reads.
type pipeWriter struct {
	net.Conn
	header http.Header
}

func (p pipeWriter) Header() http.Header { return p.header }
func (pipeWriter) WriteHeader(int)       {}

// A reader that takes nothing would hold up a stop until its timeout.
func TestAStopDoesNotWaitForAReaderWhoTakesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stopping, stop := context.WithCancel(t.Context())
		here, there := net.Pipe()
		defer func() { _, _ = here.Close(), there.Close() }()
		out := newEventWriter(stopping, pipeWriter{here, http.Header{}})
		defer out.close()
		failed := make(chan error, 1)
		go func() { failed <- out.write([]byte("event: sample\n\n")) }()
		time.Sleep(time.Second)
		began := time.Now()
		stop()
		if err := <-failed; err == nil || time.Since(began) > lastWriteTimeout {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		began = time.Now()
		if err := out.write([]byte("event: end\n\n")); err == nil || time.Since(began) > lastWriteTimeout {
			t.Errorf("the last event: %v after %v", err, time.Since(began))
		}
	})
}

func TestAReaderWhoTakesNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer func() { _, _ = here.Close(), there.Close() }()
		out := newEventWriter(t.Context(), pipeWriter{here, http.Header{}})
		defer out.close()
		began := time.Now()
		if err := out.write([]byte("event: sample\n\n")); err == nil || time.Since(began) != liveWriteTimeout {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// countingLive remembers what was counted.
type countingLive struct {
	briefLive
	mu  sync.Mutex
	got []counted
}

type counted struct {
	by     live.Answer
	failed bool
}

func (c *countingLive) Request(by live.Answer, took time.Duration, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if took < 0 {
		by = 99
	}
	c.got = append(c.got, counted{by, failed})
}

func TestWhatCountsAndAsWhat(t *testing.T) {
	t.Parallel()
	read := func(source cache.Source, why cache.Reason, err error) func(context.Context, int64) (cache.Entry[kurs.User], error) {
		return func(context.Context, int64) (cache.Entry[kurs.User], error) {
			return cache.Entry[kurs.User]{Value: max1, Source: source, Reason: why}, err
		}
	}
	put := `{"name":"N","email":"n@example.com"}`
	for name, c := range map[string]struct {
		get          func(context.Context, int64) (cache.Entry[kurs.User], error)
		method, path string
		body         string
		want         []counted
	}{
		"from memory":            {read(cache.SourceLocal, cache.ReasonNone, nil), "GET", "/users/1", "", []counted{{live.AnsweredLocal, false}}},
		"from Redis":             {read(cache.SourceRedis, cache.ReasonNone, nil), "GET", "/users/1", "", []counted{{live.AnsweredRedis, false}}},
		"from the database":      {read(cache.SourceLoader, cache.ReasonMiss, nil), "GET", "/users/1", "", []counted{{live.AnsweredDatabase, false}}},
		"anew":                   {read(cache.SourceLoader, cache.ReasonStale, nil), "GET", "/users/1", "", []counted{{live.AnsweredDatabase, false}}},
		"over its time":          {read(cache.SourceRedis, cache.ReasonStale, nil), "GET", "/users/1", "", []counted{{live.AnsweredStale, false}}},
		"a remembered absence":   {read(cache.SourceLocal, cache.ReasonNone, kurs.ErrUserNotFound), "GET", "/users/1", "", []counted{{live.AnsweredLocal, false}}},
		"an outage":              {read(0, 0, kurs.ErrUnavailable), "GET", "/users/1", "", []counted{{live.AnsweredNot, true}}},
		"a client that is gone":  {read(0, 0, context.Canceled), "GET", "/users/1", "", []counted{{live.AnsweredOtherwise, false}}},
		"a panic":                {func(context.Context, int64) (cache.Entry[kurs.User], error) { panic("oh") }, "GET", "/users/1", "", []counted{{live.AnsweredNot, true}}},
		"bypassed":               {nil, "GET", "/users/1?fresh", "", []counted{{live.AnsweredRedis, false}}},
		"no id":                  {nil, "GET", "/users/x", "", []counted{{live.AnsweredOtherwise, false}}},
		"a page":                 {nil, "GET", "/users", "", nil}, // the dashboard lists them
		"a search":               {nil, "GET", "/users?q=max", "", nil},
		"a change":               {nil, "PUT", "/users/1", put, []counted{{live.AnsweredOtherwise, false}}},
		"data":                   {nil, "GET", "/api/data", "", []counted{{live.AnsweredOtherwise, false}}},
		"a profile without user": {nil, "GET", "/profile", "", []counted{{live.AnsweredOtherwise, false}}},
		"health":                 {nil, "GET", "/health", "", nil},
		"who am I":               {nil, "GET", "/web/me", "", nil},
		"live":                   {nil, "GET", "/web/live", "", nil},
		"the dashboard":          {nil, "GET", "/ui/", "", nil},
		"nothing":                {nil, "GET", "/usersx", "", nil},
		"the log":                {nil, "GET", "/audit", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var live countingLive
			s := newSite(t, Demo, func(d *Deps, _ *Config) { d.Live = &live })
			s.users.get = c.get
			s.do(t, c.method, c.path, c.body)
			if len(live.got) != len(c.want) || len(c.want) == 1 && live.got[0] != c.want[0] {
				t.Errorf("counted %+v, want %+v", live.got, c.want)
			}
		})
	}
	t.Run("a profile", func(t *testing.T) {
		t.Parallel()
		var l countingLive
		s := newSite(t, Demo, func(d *Deps, _ *Config) { d.Live = &l })
		s.do(t, "GET", "/profile", "", "Authorization", asAdmin)
		if len(l.got) != 1 || l.got[0] != (counted{live.AnsweredRedis, false}) {
			t.Errorf("counted %+v", l.got)
		}
	})
}

// The front end's types come from the document.
func TestTheDocumentHasWhatTheStreamSends(t *testing.T) {
	t.Parallel()
	doc := spec(t, Production)
	schemas := at(t, doc, "components", "schemas")
	for schema, properties := range map[string]string{
		"LiveHello":     "now started_at version mode interval_ms samples events status about",
		"LiveSample":    "t reads latency cache local breaker_open http sessions limits queues outbox heap_bytes goroutines",
		"LiveStatus":    "t database redis worker instance features",
		"LiveBatch":     "events left_out",
		"LiveLogEvent":  "seq t kind key tier reason us error",
		"LiveLatencies": "local redis database",
		"LiveGap":       "lost",
		"LiveEnd":       "reason",
	} {
		for name := range strings.FieldsSeq(properties) {
			at(t, schemas, schema, "properties", name)
		}
	}
	for _, path := range [][]string{{"LiveLatencies", "redis"}, {"LiveSample", "outbox"}, {"MeBody", "user"}, {"MeBody", "session"}} {
		if len(at(t, schemas, path[0], "properties", path[1], "oneOf").([]any)) != 2 {
			t.Errorf("%v cannot be null", path)
		}
	}
}
