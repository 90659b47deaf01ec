package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// etagBytes is how much of the digest an ETag shows: 96 bits.
const etagBytes = 12

// appendETag appends a strong validator for a body: the same on every instance.
func appendETag(b, body []byte) []byte {
	sum := sha256.Sum256(body)
	b = base64.RawURLEncoding.AppendEncode(append(b, '"'), sum[:etagBytes])
	return append(b, '"')
}

// matches reports whether the If-None-Match lines of a request name tag. The
// comparison is weak, as RFC 9110 section 13.1.2 asks: W/"x" matches "x". A
// list that is malformed matches as far as it can be read.
func matches(ifNoneMatch []string, tag string) bool {
	for _, line := range ifNoneMatch {
		if matchesList(line, tag) {
			return true
		}
	}
	return false
}

func matchesList(list, tag string) bool {
	if strings.Trim(list, " \t") == "*" {
		return true
	}
	for {
		list = strings.TrimLeft(list, " \t,")
		list = strings.TrimPrefix(list, "W/")
		if list == "" || list[0] != '"' {
			return false
		}
		// A comma may stand inside of a tag, a quote may not.
		end := strings.IndexByte(list[1:], '"')
		if end < 0 {
			return false
		}
		if list[:end+2] == tag {
			return true
		}
		list = list[end+2:]
	}
}
