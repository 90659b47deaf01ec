package session_test

import (
	"testing"

	"github.com/speedlayer/speedlayer/session"
)

func BenchmarkLookup(b *testing.B) {
	bed := newBed(b, session.Options{})
	token, _ := bed.login(b, "1")
	b.ReportAllocs()
	for b.Loop() {
		bed.mustLookup(b, token)
	}
}

func BenchmarkLookupParallel(b *testing.B) {
	bed := newBed(b, session.Options{})
	token, _ := bed.login(b, "1")
	b.ReportAllocs()
	b.SetParallelism(32) // × GOMAXPROCS
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := bed.Lookup(b.Context(), token); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkLogin(b *testing.B) {
	bed := newBed(b, session.Options{})
	b.ReportAllocs()
	for b.Loop() {
		bed.login(b, "1")
	}
}
