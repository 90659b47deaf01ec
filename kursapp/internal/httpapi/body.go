package httpapi

import "net/http"

// maxBodyBytes bounds the body of every request.
const maxBodyBytes = 1 << 20

// limitBody refuses a body that is announced as too large before it is read,
// and cuts off one that turns out to be. huma has the same limit for the
// routes that read a body, so that both agree on 413.
func limitBody(next http.Handler) http.Handler {
	refused := &failure{status: http.StatusRequestEntityTooLarge, text: textBodyTooLarge}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > maxBodyBytes {
			fail(w, r, refused)
			return
		}
		if r.ContentLength != 0 { // -1 is a body of unknown length
			r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		}
		next.ServeHTTP(w, r)
	})
}
