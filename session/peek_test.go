package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// Peek finds what Lookup finds, in Redis and in memory, and no count tells of it.
func TestPeekCountsNothing(t *testing.T) {
	t.Parallel()
	b := newBedOn(t, redistest.Shared(t).Client(t), session.Options{LocalBytes: 1 << 20, MaxStaleness: 20 * time.Second})
	b.awaitLocal(t)
	token, made := b.login(t, "1")
	peek := func(where string) {
		t.Helper()
		before := b.Stats()
		s, err := b.Peek(t.Context(), token)
		if err != nil || s.ID != made.ID || s.UserID != "1" || !s.IdleExpiresAt.Equal(made.IdleExpiresAt) {
			t.Errorf("%s: %+v, %v", where, s, err)
		}
		if after := b.Stats(); after.LocalHits != before.LocalHits || after.RedisLookups != before.RedisLookups {
			t.Errorf("%s: counted %+v after %+v", where, after, before)
		}
	}
	peek("in Redis")
	b.hot(t, token)
	peek("in memory")
	if err := b.Revoke(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	for _, worthless := range []string{token, "", "no token"} {
		if s, err := b.Peek(t.Context(), worthless); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%q: %+v, %v", worthless, s, err)
		}
	}
}
