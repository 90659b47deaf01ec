package ratelimit

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/textproto"
	"strings"
)

// KeyFunc says who pays for a request. ok is false where it cannot say; a middleware
// then charges a subject that all such requests share, so that nobody gets round a
// limit by hiding. A KeyFunc that returns a user's id, found by the caller's own
// authentication, is written like
//
//	func(r *http.Request) (string, bool) { u, ok := userOf(r); return "user:" + u.ID, ok }
type KeyFunc func(r *http.Request) (subject string, ok bool)

// ByClient counts by the client's address, or its /64 network: see [Proxies] and
// [ClientPrefix].
func ByClient(p Proxies) KeyFunc { return p.ClientPrefix }

// ByHeader counts by the value of a header, such as one with an API key. The subject
// is a hash of it, because it may be secret or long. Requests that have no such
// header, an empty one, or two of them have no subject.
//
// Use it behind what checks the value. A client that may invent values invents as many
// limits.
func ByHeader(name string) KeyFunc {
	name = textproto.CanonicalMIMEHeaderKey(name)
	return func(r *http.Request) (string, bool) {
		values := r.Header[name]
		if len(values) != 1 || values[0] == "" {
			return "", false
		}
		sum := sha256.Sum256([]byte(values[0]))
		return hex.EncodeToString(sum[:16]), true
	}
}

// ByRoute counts by the pattern of [http.ServeMux] that the request matched, for all
// clients together; [Combine] it for a limit per client and route. There is a pattern
// only inside of the mux: put the middleware around the handlers, not around the mux.
func ByRoute() KeyFunc {
	return func(r *http.Request) (string, bool) { return r.Pattern, r.Pattern != "" }
}

// Combine counts by several keys together: requests share a limit where all keys are
// the same. A request has no subject where one of the keys finds none.
func Combine(keys ...KeyFunc) KeyFunc {
	return func(r *http.Request) (string, bool) {
		var b strings.Builder
		for i, key := range keys {
			part, ok := key(r)
			if !ok || part == "" {
				return "", false
			}
			if i > 0 {
				b.WriteByte('|')
			}
			_, _ = partEscaper.WriteString(&b, part) // a Builder takes everything
		}
		return b.String(), b.Len() > 0
	}
}

// partEscaper keeps the parts apart: "a|b" and "c" are not "a" and "b|c".
var partEscaper = strings.NewReplacer("%", "%25", "|", "%7C")
