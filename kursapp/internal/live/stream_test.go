package live

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

func TestASlowReaderLosesFramesAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := watch(t, Sources{})
		slow, _ := subscribe(t, m)
		quick, _ := subscribe(t, m)
		began := time.Now()
		for range 2 * streamBuffer {
			next[Sample](t, quick, "sample")
		}
		if took := time.Since(began); took != 2*streamBuffer*time.Second {
			t.Errorf("the quick reader got its samples in %v", took)
		}
		if quick.Lost() != nil {
			t.Error("the quick reader lost frames")
		}
		gap := slow.Lost()
		if gap == nil {
			t.Fatal("the slow reader is told of no gap")
		}
		lost := decode[Gap](t, parse(t, gap).data).Lost
		if lost < streamBuffer || len(slow.Frames()) != streamBuffer {
			t.Errorf("%d are lost, %d kept", lost, len(slow.Frames()))
		}
		if slow.Lost() != nil {
			t.Error("it is told twice")
		}
	})
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	m := New(Info{})
	var streams []*Stream
	for range 64 {
		s, _ := subscribe(t, m)
		streams = append(streams, s)
	}
	if _, err := m.Subscribe(); !errors.Is(err, ErrFull) {
		t.Fatalf("the 65th: %v", err)
	}
	streams[0].Close()
	streams[0].Close()
	subscribe(t, m)
	if _, err := m.Subscribe(); !errors.Is(err, ErrFull) {
		t.Errorf("a stream that was closed twice made room for two: %v", err)
	}
}

func TestAStopEndsAllStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := New(Info{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); m.Run(ctx) }()
		s, _ := subscribe(t, m)
		cancel()
		<-s.Context().Done()
		<-done
		if _, err := m.Subscribe(); !errors.Is(err, ErrStopped) {
			t.Errorf("later: %v", err)
		}
	})
}

func TestAChangeOfTheStatusIsToldAtOnce(t *testing.T) {
	t.Parallel()
	var redis atomic.Pointer[error]
	state := func() error {
		if err := redis.Load(); err != nil {
			return *err
		}
		return nil
	}
	synctest.Test(t, func(t *testing.T) {
		m := watch(t, Sources{
			Redis:    func(context.Context) error { return state() },
			Database: func(context.Context) error { return nil },
			Queues: func(context.Context) ([]QueueState, error) {
				return []QueueState{{Name: "email_queue", Workers: 1}}, state()
			},
		})
		s, hello := subscribe(t, m)
		if hello.Status.Redis.OK != nil {
			t.Error("before anything was asked Redis is known")
		}
		well := next[Status](t, s, "status")
		if ok := well.Redis.OK; ok == nil || !*ok || well.Redis.Ping < 1 || well.Worker.OK == nil || !*well.Worker.OK || well.Worker.Workers != 1 {
			t.Errorf("%s", encode(well))
		}
		if got := string(encode(well.Features)); got != `[{"name":"cache","state":"ok"},{"name":"sessions","state":"ok"},{"name":"limits","state":"ok"},{"name":"tasks","state":"ok"}]` {
			t.Error(got)
		}
		if again := next[Status](t, s, "status"); again.T-well.T != 5000 || again.Redis.Since != well.Redis.Since {
			t.Errorf("without a change the next one comes after %d ms, and since moved from %d to %d", again.T-well.T, well.Redis.Since, again.Redis.Since)
		}
		refused := errors.New("connection refused")
		redis.Store(&refused)
		down := next[Status](t, s, "status")
		if down.Redis.OK == nil || *down.Redis.OK || down.Redis.Err != "connection refused" || down.Redis.Since != down.T {
			t.Errorf("%s", encode(down))
		}
		if got := string(encode(down.Features)); got != `[{"name":"cache","state":"degraded"},{"name":"sessions","state":"down"},{"name":"limits","state":"degraded"},{"name":"tasks","state":"degraded"}]` {
			t.Error(got)
		}
	})
}

// Events go on happening while somebody comes: each is in the hello or is sent, and none
// is in both.
func TestNoEventIsMissedOrSentTwiceBehindTheHello(t *testing.T) {
	t.Parallel()
	for name, company := range map[string]bool{"alone": false, "beside others": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := New(Info{})
			if company {
				subscribe(t, m) // whose frames are lost, which is of no interest
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				for ctx.Err() == nil {
					m.events.mu.Lock()
					enough := len(m.events.pending) > 20 // more would only make the batches slow
					m.events.mu.Unlock()
					if enough {
						runtime.Gosched()
						continue
					}
					m.events.renew()
					m.CacheEvent(cache.Event{Kind: cache.EventInvalidated})
				}
			}()
			defer func() { cancel(); <-done }()
			for range 80 {
				s, hello := subscribe(t, m)
				last := uint64(0)
				if n := len(hello.Events); n > 0 {
					last = hello.Events[n-1].Seq
				}
				for len(s.Frames()) == 0 {
					m.mu.Lock()
					m.sendEvents()
					m.mu.Unlock()
				}
				if first := next[Batch](t, s, "events").Events[0].Seq; first != last+1 {
					t.Fatalf("the hello ends with %d, and %d comes next", last, first)
				}
				s.Close()
			}
		})
	}
}
