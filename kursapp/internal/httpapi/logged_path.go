package httpapi

import (
	"net/http"
	"strings"
)

// How much of a segment of a path stands in the log. What is longer is a session's id,
// or something else that somebody took for one, such as the token itself or a code from
// a mail. What is left of those is too little to be of use.
const (
	maxLoggedSegment = 24
	loggedOfLonger   = 8
)

// loggedPath is the path of a request as the log may have it. The query is left out: it
// may hold what does not belong into a log.
func loggedPath(r *http.Request) string {
	path := r.URL.Path
	if len(path) <= maxLoggedSegment {
		return path
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if len(segment) > maxLoggedSegment {
			segments[i] = strings.ToValidUTF8(segment[:loggedOfLonger], "") + "…"
		}
	}
	return strings.Join(segments, "/")
}
