package session

import "github.com/speedlayer/speedlayer/internal/redisx"

// sessionKey is the key of the session with this digest. In a cluster every
// session has a slot of its own, which is why no script touches two of them.
func (m *Manager[U, D]) sessionKey(id string) string { return m.o.Prefix + id }

// appendSessionKey appends the key of a token's session. It does not allocate where
// prefix and realm are short.
func (m *Manager[U, D]) appendSessionKey(to []byte, token string) []byte {
	return m.appendDigest(append(to, m.o.Prefix...), token)
}

// epochKey is the key of a user's epoch. A digest is hexadecimal and never begins
// with "epoch:".
func (m *Manager[U, D]) epochKey(userID string) string {
	return m.o.Prefix + "epoch:" + redisx.Escape(userID)
}

// indexKey is the key of the names of a user's sessions.
func (m *Manager[U, D]) indexKey(user string) string {
	return m.o.Prefix + "of:" + redisx.Escape(user)
}
