package sessiontest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/session"
)

// LogIn makes a session of a user and returns its token, or fails the test.
func LogIn[U, D any](tb testing.TB, m *session.Manager[U, D], user U, data D, life ...session.Lifetime) string {
	tb.Helper()
	epoch, err := m.Epoch(tb.Context(), user)
	if err != nil {
		tb.Fatalf("sessiontest: log in: %v", err)
	}
	token, _, err := m.Create(tb.Context(), user, epoch, data, life...)
	if err != nil {
		tb.Fatalf("sessiontest: log in: %v", err)
	}
	return token
}

// Expire ends a session in the way in which time does: it is gone from Redis, and no
// event tells of it. When Expire returns, m finds it no longer; the local tiers of
// other managers learn of it as they do of every change. client is one of the Redis
// that m uses. The test fails where m does not know the session.
func Expire[U, D any](tb testing.TB, m *session.Manager[U, D], client rueidis.Client, token string) {
	tb.Helper()
	s, err := m.Lookup(tb.Context(), token)
	if err != nil {
		tb.Fatalf("sessiontest: expire: %v", err)
	}
	n, err := remove(tb.Context(), client, s.ID)
	if err != nil {
		tb.Fatalf("sessiontest: expire: %v", err)
	}
	if n == 0 {
		tb.Fatal("sessiontest: expire: the session is not in the Redis of this client")
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if _, err = m.Lookup(tb.Context(), token); errors.Is(err, session.ErrNotFound) {
			return
		}
		select {
		case <-tick.C:
		case <-timeout.C:
			tb.Fatalf("sessiontest: expire: the session is still found after %v (%v)", patience, err)
		}
	}
}

// remove deletes the keys that end in a session's id, whatever their prefix, and
// returns how many there were.
func remove(ctx context.Context, client rueidis.Client, id string) (int64, error) {
	var removed int64
	for cursor := uint64(0); ; {
		page, err := client.Do(ctx, client.B().Scan().Cursor(cursor).Match("*"+id).Count(1000).Build()).AsScanEntry()
		if err != nil {
			return removed, err
		}
		for _, key := range page.Elements {
			n, err := client.Do(ctx, client.B().Del().Key(key).Build()).AsInt64()
			if err != nil {
				return removed, err
			}
			removed += n
		}
		if cursor = page.Cursor; cursor == 0 {
			return removed, nil
		}
	}
}
