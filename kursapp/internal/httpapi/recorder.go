package httpapi

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/live"
)

// recorder is the http.ResponseWriter of every request. It remembers what the
// access log and the recovery of panics need, and replaces the plain-text 404
// and 405 of http.ServeMux by problems: those are the answers with one of the
// two statuses to a request that matched no pattern.
type recorder struct {
	http.ResponseWriter
	r     *http.Request
	began time.Duration // since the front was made
	id    [1]string     // the request's once somebody needs it; its header shows this very array

	status   int   // 0 until the header is written
	bytes    int64 // of the body
	cause    error // why the status is 500 or more; for the log
	writeErr error // the first error of the connection
	body     *countedBody
	by       live.Answer // who answered a read
	problem  bool        // an own answer is being written in place of the mux's
	mute     bool        // the rest of the body is the mux's and is dropped
}

// Unwrap lets http.ResponseController reach the connection.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (rec *recorder) WriteHeader(status int) {
	if status >= http.StatusOK && rec.status == 0 {
		if err := rec.unmatched(status); err != nil {
			rec.problem = true
			fail(rec, rec.r, err)
			rec.mute = true
			return
		}
		if status >= http.StatusBadRequest {
			rec.requestID()
		}
		rec.status = status
		rec.body.giveUp(rec.Header())
	}
	rec.ResponseWriter.WriteHeader(status)
}

// countedBody remembers whether a body was read to its end.
type countedBody struct {
	io.ReadCloser
	read bool
}

// watchBody returns nil for a request without a body.
func watchBody(r *http.Request) *countedBody {
	if r.ContentLength == 0 {
		return nil
	}
	b := &countedBody{ReadCloser: r.Body}
	r.Body = b
	return b
}

// Read implements io.Reader.
func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.read = true
	}
	return n, err
}

// giveUp has the connection closed with the answer if the body was not read to
// its end. The server would otherwise wait for the rest before it answers, and
// what comes late could be taken for the next request.
func (b *countedBody) giveUp(h http.Header) {
	if b != nil && !b.read {
		h.Set("Connection", "close")
	}
}

func (rec *recorder) unmatched(status int) error {
	if rec.problem || rec.r.Pattern != "" {
		return nil
	}
	switch status {
	case http.StatusNotFound:
		return &failure{status: status, text: textNotFound}
	case http.StatusMethodNotAllowed:
		return &failure{status: status, text: textMethodNotAllowed}
	default:
		return nil
	}
}

// Write implements http.ResponseWriter.
func (rec *recorder) Write(p []byte) (int, error) {
	if rec.mute {
		return len(p), nil
	}
	if rec.status == 0 {
		rec.status = http.StatusOK
		rec.body.giveUp(rec.Header())
	}
	n, err := rec.ResponseWriter.Write(p)
	rec.bytes += int64(n)
	if err != nil && rec.writeErr == nil {
		rec.writeErr = err
	}
	return n, err
}
