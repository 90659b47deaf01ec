package httpapi

import (
	"math/rand/v2"
	"net/http"
	"strconv"
)

// requestIDHeader carries the id of a request, in both directions. An answer has it
// where the client gave one, or where something went wrong.
const requestIDHeader = "X-Request-Id"

const maxRequestIDLength = 64

// givenID returns the id that the client, or a proxy before this server, gave the
// request, if it is short and cannot do harm in a log or a header.
func givenID(r *http.Request) (id string, ok bool) {
	given := r.Header[requestIDHeader]
	if len(given) != 1 || !harmlessID(given[0]) {
		return "", false
	}
	return given[0], true
}

// newRequestID makes an id. It is no secret, it only has to be unique.
func newRequestID() string {
	id := make([]byte, 0, 26)
	id = strconv.AppendUint(id, rand.Uint64(), 36) //nolint:gosec // G404: see above
	id = strconv.AppendUint(id, rand.Uint64(), 36) //nolint:gosec // G404: see above
	return string(id)
}

// identify gives the request its id, and the answer the header unless it is out.
func (rec *recorder) identify(id string) {
	rec.id[0] = id
	if rec.status == 0 {
		rec.Header()[requestIDHeader] = rec.id[:]
	}
}

// requestID returns the id of the request, which gets one if it has none yet.
func (rec *recorder) requestID() string {
	if rec.id[0] == "" {
		rec.identify(newRequestID())
	}
	return rec.id[0]
}

// requestIDOf is for code that has an http.ResponseWriter.
func requestIDOf(w any) string {
	if rec, ok := w.(*recorder); ok {
		return rec.requestID()
	}
	return ""
}

func harmlessID(id string) bool {
	if id == "" || len(id) > maxRequestIDLength {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if c != '-' && c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
