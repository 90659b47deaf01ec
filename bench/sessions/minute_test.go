package sessions_test

import (
	"context"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/sessions"
)

const (
	requestsPerMinute = 600
	minutes           = 2
)

// BenchmarkMinute counts what Redis receives from a session in steady use, ten requests
// a second. A minute may be shorter than a minute; then TouchInterval is as short, and
// the requests follow each other as fast.
func BenchmarkMinute(b *testing.B) {
	perform(b, sessions.Visit, *minute, func(b *testing.B, s setting) {
		b.Helper()
		c := s.client(1, s.login(b, 1))
		// One and a half minutes pass uncounted: the first renewal brings its script to
		// Redis, and the others fall into the middle of what is counted, none at its edge.
		if _, err := steady(c, *minute*3/2, requestsPerMinute*3/2); err != nil {
			b.Fatalf("%s: %v", s.ID, err)
		}
		monitor, err := s.redis.Listen(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		took, err := steady(c, minutes**minute, minutes*requestsPerMinute)
		received, stopErr := monitor.Stop(context.Background())
		if err != nil || stopErr != nil {
			b.Fatalf("%s: %v, %v", s.ID, err, stopErr)
		}
		if !s.Heartbeat { // then they belong to the requests
			received.Commands += received.Pings
			received.Pings = 0
		}
		b.ReportMetric(float64(received.Commands)/minutes, sessions.CommandsPerMinute)
		b.ReportMetric(float64(received.Writes)/minutes, sessions.WritesPerMinute)
		b.ReportMetric(float64(received.Pings)/took.Seconds(), sessions.Heartbeats)
	})
}

// steady sends n requests at equal distances over so long a time, or as fast as it can
// where it is behind. It returns how long that took.
func steady(c client, long time.Duration, n int) (time.Duration, error) {
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := range n {
		timer.Reset(time.Until(start.Add(long * time.Duration(i) / time.Duration(n))))
		<-timer.C
		if err := c.call(context.Background()); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}
