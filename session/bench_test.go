package session_test

import (
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/session"
)

// BenchmarkLookup is what a request with a session costs: found in memory, or asked of
// Redis.
func BenchmarkLookup(b *testing.B) {
	b.Run("hot", func(b *testing.B) {
		bed := newLocalBed(b, session.Options{})
		token, _ := bed.login(b, "1")
		bed.hot(b, token)
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			s, err := bed.Lookup(ctx, token)
			if err != nil {
				b.Fatal(err)
			}
			if err := bed.Touch(ctx, s); err != nil {
				b.Fatal(err)
			}
		}
		if n := bed.Stats().LocalHits; n < uint64(b.N) {
			b.Errorf("%d of %d found in memory", n, b.N)
		}
	})
	b.Run("redis", func(b *testing.B) {
		bed := newBed(b, session.Options{})
		token, _ := bed.login(b, "1")
		b.ReportAllocs()
		for b.Loop() {
			bed.mustLookup(b, token)
		}
	})
}

func BenchmarkLookupParallel(b *testing.B) {
	for name, bed := range map[string]*bed{
		"hot": newLocalBed(b, session.Options{}), "redis": newBed(b, session.Options{}),
	} {
		b.Run(name, func(b *testing.B) {
			token, _ := bed.login(b, "1")
			if name == "hot" {
				bed.hot(b, token)
			}
			b.ReportAllocs()
			b.SetParallelism(32) // × GOMAXPROCS
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := bed.Lookup(b.Context(), token); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkLogin(b *testing.B) {
	// One user must not get an index of a million names.
	bed := newBed(b, session.Options{})
	b.ReportAllocs()
	for b.Loop() {
		token, _ := bed.login(b, "1")
		if err := bed.Revoke(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkList lists twenty sessions.
func BenchmarkList(b *testing.B) {
	bed := newBed(b, session.Options{IdleTimeout: time.Hour})
	for range 20 {
		bed.login(b, "1")
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(bed.ids(b, "1")); n != 20 {
			b.Fatalf("%d sessions", n)
		}
	}
}
