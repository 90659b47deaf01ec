package sessions_test

import (
	"context"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/sessions"
)

// BenchmarkMemory1 counts what Redis keeps for sessions of different users.
func BenchmarkMemory1(b *testing.B) { memory(b, 1) }

// BenchmarkMemory10 counts it where each user has ten sessions.
func BenchmarkMemory10(b *testing.B) { memory(b, 10) }

// BenchmarkMemoryPacked1 is BenchmarkMemory1 with a Redis that stores hashes with values
// of up to 256 bytes in the compact form; by default 64. A user agent is longer.
func BenchmarkMemoryPacked1(b *testing.B) { memory(b, 1, "--hash-max-listpack-value", "256") }

func memory(b *testing.B, perUser int, args ...string) {
	b.Helper()
	for _, c := range contestants(sessions.Room) {
		b.Run(c.ID, func(b *testing.B) {
			setting{Contestant: c, redis: server(b, args...)}.fill(b, perUser)
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fill stores sessions and looks at Redis before and after, when the contestant is not
// connected: how much a connection takes has nothing to do with sessions.
func (s setting) fill(b *testing.B, perUser int) {
	b.Helper()
	before := s.size(b)
	s.store = s.connect(b, 0)
	tokens := make([]held, *many)
	err := each(*many, func(i int) error {
		user := int64(i/perUser + 1)
		token, err := s.store.Login(context.Background(), sessions.NewProfile(user))
		tokens[i] = held{user, token}
		return err
	})
	if err == nil {
		err = s.sample(tokens, nil)
	}
	s.store.Close()
	if err != nil {
		b.Fatalf("%s: %v", s.ID, err)
	}
	s.awaitAlone(b, before.connections)
	after := s.size(b)
	n := float64(*many)
	b.ReportMetric(float64(after.used-before.used)/n, sessions.UsedBytes)
	b.ReportMetric(float64(after.inKeys-before.inKeys)/n, sessions.KeyBytes)
	b.ReportMetric(float64(after.keys-before.keys)/n, sessions.Keys)
}

// size is what Redis holds.
type size struct{ used, connections, inKeys, keys int64 }

func (s setting) size(b *testing.B) size {
	b.Helper()
	var z size
	var errs [3]error
	z.connections, errs[0] = s.redis.Connections(context.Background())
	z.used, errs[1] = s.redis.UsedMemory(context.Background())
	z.inKeys, z.keys, errs[2] = s.redis.KeyMemory(context.Background())
	for _, err := range errs {
		if err != nil {
			b.Fatal(err)
		}
	}
	return z
}

// awaitAlone returns when there are no more connections than before.
func (s setting) awaitAlone(b *testing.B, before int64) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		now, err := s.redis.Connections(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if now <= before {
			return
		}
		<-tick.C
	}
}
