package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// front is the outermost handler: it sets the headers that every answer has,
// writes the access log and catches panics. The three share one layer because
// they share the recorder and run for every request.
type front struct {
	next http.Handler
	log  *slog.Logger
	// made is what requests are timed from: the time since then takes one look at
	// the clock, time.Now two.
	made time.Time

	live   Live                // nil: nobody counts
	course map[string]counting // by pattern
}

func newFront(next http.Handler, log *slog.Logger) *front {
	return &front{next: next, log: log, made: time.Now()}
}

// The headers of every answer. They are built once and assigned, which costs a
// tenth of setting them. Nothing may write into these slices: h.Add copies
// them, because their capacity is their length.
//
// They are few on purpose. A map of more than eight names is another kind of map in
// Go, and net/http copies and sorts it: with eleven, an answer from memory cost a
// tenth of the requests per second (ADR 10). What only means something to a document
// that a person looks at, setPageHeaders sets.
var (
	nosniff    = []string{"nosniff"}
	noContent  = []string{"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	sameOrigin = []string{"same-origin"}
	noStore    = []string{"no-store"}
)

func setCommonHeaders(h http.Header) {
	h["X-Content-Type-Options"] = nosniff
	h["Content-Security-Policy"] = noContent
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	h["Cache-Control"] = noStore
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w, r: r, began: time.Since(f.made), body: watchBody(r)}
	setCommonHeaders(w.Header())
	if id, ok := givenID(r); ok {
		rec.identify(id)
	}
	defer f.finish(rec)
	f.next.ServeHTTP(rec, r)
}

// finish runs when a request ends, by a panic too.
func (f *front) finish(rec *recorder) {
	v := recover()
	if v == nil {
		f.access(rec)
		return
	}
	if err, ok := v.(error); ok && (errors.Is(err, http.ErrAbortHandler) || rec.writeErr != nil) {
		// A wish to abort, or huma's panic because the client is gone.
		f.access(rec)
		panic(http.ErrAbortHandler)
	}
	f.log.LogAttrs(rec.r.Context(), slog.LevelError, "panic in a handler",
		slog.String("request_id", rec.requestID()),
		slog.String("method", rec.r.Method),
		slog.String("path", loggedPath(rec.r)),
		slog.Any("panic", v),
		slog.String("stack", string(debug.Stack())),
	)
	if rec.status != 0 {
		// Half an answer is out. Cutting the connection is the only way to
		// tell the client that it is not a whole one.
		f.access(rec)
		panic(http.ErrAbortHandler)
	}
	rec.Header().Del("Content-Length")
	rec.Header().Del("ETag")
	fail(rec, rec.r, fmt.Errorf("panic: %v", v))
	f.access(rec)
}

// since is how long a request has taken.
func (f *front) since(rec *recorder) time.Duration { return time.Since(f.made) - rec.began }

// access counts the request and writes the access log: every request at debug level,
// and those the server failed at any level.
func (f *front) access(rec *recorder) {
	f.count(rec)
	level := slog.LevelDebug
	switch {
	case rec.cause != nil && errors.Is(rec.cause, context.Canceled):
		// The client went away: nobody saw the answer.
	case rec.status == http.StatusServiceUnavailable:
		level = slog.LevelWarn // an outage, which has its own lines
	case rec.status >= http.StatusInternalServerError:
		level = slog.LevelError
	}
	if !f.log.Enabled(rec.r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", rec.requestID()),
		slog.String("method", rec.r.Method),
		slog.String("path", loggedPath(rec.r)),
		slog.Int("status", rec.status),
		slog.Int64("bytes", rec.bytes),
		slog.Duration("duration", f.since(rec)),
	}
	if rec.cause != nil {
		attrs = append(attrs, slog.Any("error", rec.cause))
	}
	f.log.LogAttrs(context.WithoutCancel(rec.r.Context()), level, "request", attrs...)
}
