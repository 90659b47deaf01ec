package session_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/session"
)

func TestAUserHasNoMoreSessionsThanAllowed(t *testing.T) {
	t.Parallel()
	bothTiers(t, session.Options{MaxPerUser: 3}, func(t *testing.T, b *bed) {
		other, _ := b.login(t, "2")
		var tokens []string
		for n := range 8 {
			token, s := b.login(t, "1")
			// Redis's clock has milliseconds; sessions of one are as old as each other.
			b.do(t, "HSET", b.prefix+s.ID, "_created", fmt.Sprint(s.CreatedAt.Add(-time.Hour).UnixMilli()+int64(n)))
			tokens = append(tokens, token)
		}
		for _, token := range tokens[:5] {
			b.mustBeGone(t, token)
		}
		for _, token := range append(tokens[5:], other) {
			b.mustLookup(t, token)
		}
		if n := b.names(t, "1"); n != 3 {
			t.Errorf("%d names, want 3", n)
		}
		b.checkKeys(t)
	})
}

// Sessions that nobody can use any more take room too, and go before those in use.
func TestSessionsOfEpochsThatAreOverGoFirst(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{MaxPerUser: 3})
	kept, s := b.login(t, "1")
	for range 2 {
		b.login(t, "1")
	}
	if err := b.RevokeOthers(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	first, _ := b.login(t, "1")
	second, _ := b.login(t, "1")
	for _, token := range []string{kept, first, second} {
		b.mustLookup(t, token)
	}
	if n := b.names(t, "1"); n != 3 {
		t.Errorf("%d names, want 3", n)
	}
	if n := b.live(t); n != 3 {
		t.Errorf("%d sessions in Redis, want 3", n)
	}
}

func TestManyLoginsAtOnceStayBounded(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{MaxPerUser: 20})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 20 {
				b.login(t, "1")
			}
		})
	}
	wg.Wait()
	last, _ := b.login(t, "1")
	b.mustLookup(t, last)
	if n := b.names(t, "1"); n > 20 {
		t.Errorf("%d names, want 20 at most", n)
	}
	b.checkKeys(t)
}
