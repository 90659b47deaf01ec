package sessions_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/sessions"
)

// BenchmarkVisit1 is what a request pays for its session: found, read and, where the
// contestant does so, renewed. One session, one goroutine.
func BenchmarkVisit1(b *testing.B) {
	perform(b, sessions.Visit, 0, func(b *testing.B, s setting) {
		b.Helper()
		s.visits(b, 1, 1)
	})
}

// BenchmarkVisit64 is the same from 64 goroutines with 1,000 sessions, each of which
// is used by one of them.
func BenchmarkVisit64(b *testing.B) {
	perform(b, sessions.Visit, 0, func(b *testing.B, s setting) {
		b.Helper()
		s.visits(b, 64, 1000)
	})
}

func (s setting) visits(b *testing.B, goroutines, users int) {
	b.Helper()
	clients := make([]client, users)
	if err := each(users, func(i int) error {
		user := int64(i + 1)
		token, err := s.store.Login(context.Background(), sessions.NewProfile(user))
		clients[i] = s.client(user, token)
		return err
	}); err != nil {
		b.Fatalf("%s: %v", s.ID, err)
	}
	s.warm(b, clients, goroutines)
	var before, after runtime.MemStats
	commands := s.commands(b)
	runtime.ReadMemStats(&before)
	start := time.Now()
	done, err := call(clients, goroutines, *long)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	commands = s.commands(b) - commands
	if err != nil {
		b.Fatalf("%s: %v", s.ID, err)
	}
	if err := s.checkPlace(commands, done); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(done), sessions.PerRequest)
	b.ReportMetric(float64(commands)/float64(done), sessions.CommandsPerRequest)
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(done), sessions.AllocsPerRequest)
}

// warm connects, and fills memory where there is one: on a machine that stands still for
// a second memory starts anew, therefore it may take several times.
func (s setting) warm(b *testing.B, clients []client, goroutines int) {
	b.Helper()
	end := time.Now().Add(20 * time.Second)
	for {
		before := s.commands(b)
		done, err := call(clients, goroutines, *long/10)
		if err != nil {
			b.Fatalf("%s: %v", s.ID, err)
		}
		commands := s.commands(b) - before
		if !s.Memory || commands == 0 {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("%s: %d requests still cost %d commands", s.ID, done, commands)
		}
	}
}

// call lets the clients of each goroutine take turns until the time is over, and each
// of them at least once. It returns the number of requests.
func call(clients []client, goroutines int, long time.Duration) (int64, error) {
	var done atomic.Int64
	end := time.Now().Add(long)
	err := together(goroutines, func(g int) error {
		var mine []client
		for i := g; i < len(clients); i += goroutines {
			mine = append(mine, clients[i])
		}
		ctx := context.Background()
		n := 0
		for n < len(mine) || n%16 != 0 || time.Now().Before(end) {
			if err := mine[n%len(mine)].call(ctx); err != nil {
				return err
			}
			n++
		}
		done.Add(int64(n))
		return nil
	})
	return done.Load(), err
}

// checkPlace says whether sessions came from elsewhere than they should. Memory may start
// anew, see warm; then each goroutine asks Redis once or twice.
func (s setting) checkPlace(commands, requests int64) error {
	if s.Memory && commands > requests/10+1000 || !s.Memory && commands < requests {
		return fmt.Errorf("%s: %d requests cost %d commands", s.ID, requests, commands)
	}
	return nil
}
