package httpapi

import (
	"math/rand/v2"
	"net/http"
	"strconv"
)

// requestIDHeader carries the id of a request, in both directions.
const requestIDHeader = "X-Request-Id"

const maxRequestIDLength = 64

// requestID returns the id that the client, or a proxy before this server,
// gave the request, if it is short and cannot do harm in a log or a header;
// otherwise a new one.
func requestID(r *http.Request) string {
	if given := r.Header[requestIDHeader]; len(given) == 1 && harmlessID(given[0]) {
		return given[0]
	}
	// An id is no secret, it only has to be unique.
	id := make([]byte, 0, 26)
	id = strconv.AppendUint(id, rand.Uint64(), 36) //nolint:gosec // G404: see above
	id = strconv.AppendUint(id, rand.Uint64(), 36) //nolint:gosec // G404: see above
	return string(id)
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
