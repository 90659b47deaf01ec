package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

const (
	tokenBytes  = 32 // of randomness
	tokenLength = 43 // characters of unpadded base64url
	idLength    = 2 * sha256.Size
)

func newToken() string {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// wellFormed reports whether token may have come from newToken. All else is refused
// before Redis is asked.
func wellFormed(token string) bool {
	if len(token) != tokenLength {
		return false
	}
	for i := range len(token) {
		switch c := token[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// digest names the session of a token. The token has a fixed length, so different
// pairs of realm and token never make the same input.
func (m *Manager[U, D]) digest(token string) string {
	var buf [idLength]byte
	return string(m.appendDigest(buf[:0], token))
}

func (m *Manager[U, D]) appendDigest(to []byte, token string) []byte {
	var buf [128]byte
	sum := sha256.Sum256(append(append(buf[:0], m.o.Realm...), token...))
	return hex.AppendEncode(to, sum[:])
}

// newRandom returns a value that never was before.
func newRandom() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return hex.EncodeToString(b[:])
}
