package httpapi

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/live"
)

// Live watches this process for the dashboard. live.Monitor implements it.
type Live interface {
	// Request counts a request. It is called at the end of every one that counts.
	Request(by live.Answer, took time.Duration, failed bool)
	// Subscribe fails with live.ErrFull or live.ErrStopped.
	Subscribe() (*live.Stream, error)
}

var _ Live = (*live.Monitor)(nil)

const (
	// recheckInterval is how often it is looked whether who watches still may.
	recheckInterval = 5 * time.Second
	// recheckTimeout bounds such a look. The stream stands still meanwhile.
	recheckTimeout = 2 * time.Second
	// liveWriteTimeout is how long a reader may take for one piece of a stream.
	liveWriteTimeout = 10 * time.Second
	// livePiece is the size of a piece, in bytes.
	livePiece = 32 << 10
	// lastWriteTimeout replaces liveWriteTimeout once the server stops.
	lastWriteTimeout = 500 * time.Millisecond
	// liveRetry is how long whoever finds all streams taken should wait.
	liveRetry = 10 * time.Second
)

func (a *api) liveRoutes() {
	schemas := a.huma.OpenAPI().Components.Schemas
	var events []*huma.Schema
	for _, event := range []reflect.Type{
		reflect.TypeFor[live.Hello](), reflect.TypeFor[live.Sample](), reflect.TypeFor[live.Status](),
		reflect.TypeFor[live.Batch](), reflect.TypeFor[live.Gap](), reflect.TypeFor[live.End](),
	} {
		events = append(events, schemas.Schema(event, true, ""))
	}
	nullable(schemas, schemas.Schema(reflect.TypeFor[live.Sample](), true, ""), "outbox")
	nullable(schemas, schemas.Schema(reflect.TypeFor[live.Latencies](), true, ""), "local", "redis", "database")
	op := huma.Operation{
		OperationID: "live", Method: http.MethodGet, Path: "/web/live",
		Summary: "Watch this server",
		Description: "Server-sent events: first `hello` (LiveHello) with the last quarter of an hour, then each second a `sample`, `status` when it changes and every 5 s, " +
			"and `events` (LiveBatch) as they happen. A reader that is too slow loses some and is told by `gap`. `end` comes last, where the server ends the stream. " +
			"In production for administrators, and for as long as their session lasts: watching does not prolong it.",
		Tags: []string{tagBrowser}, Security: anySession,
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError, http.StatusServiceUnavailable},
	}
	op.Responses = map[string]*huma.Response{"200": {
		Description: http.StatusText(http.StatusOK),
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{OneOf: events}}},
	}}
	a.documentErrors(&op)
	a.huma.OpenAPI().AddOperation(&op)
	a.mux.HandleFunc("GET /web/live", a.watch)
}

// watcher returns who watches. It prolongs no session and counts nowhere.
func (a *api) watcher(ctx context.Context, r *http.Request) (kurs.Actor, error) {
	if a.mode == Demo {
		return kurs.Actor{Anonymous: true, Demo: true}, nil
	}
	token, err := a.token(r)
	if err != nil {
		return kurs.Actor{}, err
	}
	return a.Accounts.Recognise(ctx, token)
}

func (a *api) watch(w http.ResponseWriter, r *http.Request) {
	actor, err := a.watcher(r.Context(), r)
	if err == nil {
		err = actor.MayOperate()
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	stream, err := a.subscribe()
	if err != nil {
		fail(w, r, err)
		return
	}
	defer stream.Close()
	h := w.Header()
	h["Content-Type"] = []string{"text/event-stream"}
	h["X-Accel-Buffering"] = []string{"no"} // nginx would collect it
	if r.Method == http.MethodHead {
		return
	}
	out := newEventWriter(stream.Context(), w)
	defer out.close()
	a.follow(r, actor, stream, out)
}

func (a *api) subscribe() (*live.Stream, error) {
	if a.Live == nil {
		return nil, kurs.ErrUnavailable
	}
	stream, err := a.Live.Subscribe()
	if errors.Is(err, live.ErrFull) {
		return nil, &failure{status: http.StatusServiceUnavailable, text: textTooManyStreams, retryAfter: liveRetry}
	}
	if err != nil {
		return nil, &kurs.Error{Code: kurs.CodeUnavailable, RetryAfter: liveRetry, Err: err}
	}
	return stream, nil
}

// follow writes a stream until the reader is gone, or may no longer read, or the server
// stops.
func (a *api) follow(r *http.Request, actor kurs.Actor, stream *live.Stream, out *eventWriter) {
	if out.write(stream.Hello()) != nil {
		return
	}
	lease := newWatchLease(a, r, actor)
	defer lease.stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-stream.Context().Done():
			_ = out.write(live.EndFrame("stop")) // and then it is over anyway
			return
		case <-lease.due():
			if !lease.renew() {
				_ = out.write(live.EndFrame("session"))
				return
			}
		case frame := <-stream.Frames():
			if gap := stream.Lost(); gap != nil && out.write(gap) != nil {
				return
			}
			if out.write(frame) != nil {
				return
			}
		}
	}
}

// watchLease is how long somebody may watch without another look at the session.
type watchLease struct {
	a    *api
	r    *http.Request
	tick *time.Ticker // nil where everybody may
	// until is when the session ends unless it is used elsewhere.
	until time.Time
}

func newWatchLease(a *api, r *http.Request, actor kurs.Actor) *watchLease {
	l := &watchLease{a: a, r: r}
	if a.mode != Demo {
		l.tick = time.NewTicker(a.recheck)
		l.note(actor)
	}
	return l
}

func (l *watchLease) note(actor kurs.Actor) {
	if actor.Session != nil {
		l.until = actor.Session.IdleExpiresAt
	}
}

func (l *watchLease) due() <-chan time.Time {
	if l.tick == nil {
		return nil
	}
	return l.tick.C
}

// renew reports whether the stream may go on. While Redis cannot be asked it may until
// the session that was seen last would have ended: that is when the dashboard is needed.
func (l *watchLease) renew() bool {
	ctx, cancel := context.WithTimeout(l.r.Context(), recheckTimeout)
	defer cancel()
	actor, err := l.a.watcher(ctx, l.r)
	if err == nil {
		err = actor.MayOperate()
	}
	if err == nil {
		l.note(actor)
		return true
	}
	return kurs.CodeOf(err) == kurs.CodeUnavailable && time.Now().Before(l.until)
}

func (l *watchLease) stop() {
	if l.tick != nil {
		l.tick.Stop()
	}
}

// eventWriter writes to a connection whose other end may be slow, or gone. The deadlines
// of an ordinary answer do not hold for it.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	release func() bool

	mu      sync.Mutex
	timeout time.Duration
	closed  bool
}

// newEventWriter returns a writer that does not wait for long once stopping ends.
func newEventWriter(stopping context.Context, w http.ResponseWriter) *eventWriter {
	e := &eventWriter{w: w, control: http.NewResponseController(w), timeout: liveWriteTimeout}
	// The server's timeout for reading a request would end this one: net/http listens
	// for the client's end on the same connection. What cannot set it has none.
	_ = e.control.SetReadDeadline(time.Time{})
	e.release = context.AfterFunc(stopping, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.timeout = lastWriteTimeout
		e.extend()
	})
	return e
}

// extend is called under mu: a write that began before a stop must not outlast it.
func (e *eventWriter) extend() {
	if !e.closed {
		_ = e.control.SetWriteDeadline(time.Now().Add(e.timeout))
	}
}

func (e *eventWriter) write(b []byte) error {
	for len(b) > 0 {
		e.mu.Lock()
		e.extend()
		e.mu.Unlock()
		n := min(len(b), livePiece)
		if _, err := e.w.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	if err := e.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// close lets go of the connection, which the next request may use.
func (e *eventWriter) close() {
	e.release()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
}
