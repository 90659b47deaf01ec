package kurs

import (
	"context"

	"golang.org/x/crypto/argon2"
)

// ParsePHC shows the tests whether a stored hash is accepted, and in which
// spelling.
func ParsePHC(s string) (string, Params, error) {
	h, err := parsePHC(s)
	return h.String(), h.params, err
}

// OnDerive has f called in each derivation of h, inside its slot.
func OnDerive(h *Hasher, f func(memory, time uint32)) {
	h.derive = func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
		f(memory, time)
		return argon2.IDKey(password, salt, time, memory, threads, keyLen)
	}
}

// EncodeCursor returns the cursor of the page after a user.
func EncodeCursor(last int64) string { return encodeCursor(last) }

// EndSessionsWith has ForgetSessions ask e.
func EndSessionsWith(a *Accounts, e sessionEnder) { a.ender = e }

// CommonPasswords returns the passwords that are too common.
func CommonPasswords() map[string]struct{} { return commonPasswords() }

// AuditWith has a take down logins in l.
func AuditWith(a *Accounts, l *AuditLog) { a.audit = l }

// Note has an entry written.
func Note(ctx context.Context, l *AuditLog, action AuditAction, subject int64) {
	l.note(ctx, action, subject)
}

// Searching has as many searches for tasks run as may, until the end.
func Searching(q *Queues) (end func()) {
	for range maxFinding {
		q.finding <- struct{}{}
	}
	return func() {
		for range maxFinding {
			<-q.finding
		}
	}
}
