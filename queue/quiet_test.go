package queue

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"
)

// busyShift returns the shift of a worker with two slots whose Redis is away.
func busyShift(client rueidis.Client) *shift {
	return newShift(NewWorker(New(client, "q", Options{}), nil, WorkerOptions{Concurrency: 2}))
}

func closedClient(t *testing.T) rueidis.Client {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{miniredis.RunT(t).Addr()}, ForceSingleClient: true, AlwaysRESP2: true, DisableCache: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	return client
}

func (s *shift) pretend(d time.Duration) {
	r := &run{}
	s.mu.Lock()
	s.runs[r] = struct{}{}
	s.mu.Unlock()
	time.AfterFunc(d, func() {
		s.mu.Lock()
		delete(s.runs, r)
		s.mu.Unlock()
		s.signalFree()
	})
}

func TestSuspectGetsItsTurnAmongTasksThatTakeLong(t *testing.T) {
	t.Parallel()
	client := closedClient(t)
	for _, long := range []time.Duration{time.Second, 11 * time.Second, 45 * time.Second, 10 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s, begin := busyShift(client), time.Now()
			s.pretend(long / 2) // the two slots are staggered
			var room quietude
			for made := false; !made; {
				for range s.awaitSlot(t.Context()) {
					s.pretend(long)
				}
				if room.due() {
					made = s.makeRoom(t.Context(), room.limit())
					room.note(made)
				}
				if time.Since(begin) > 24*time.Hour {
					t.Fatalf("tasks of %v: no room for a suspect within a day", long)
				}
			}
			time.Sleep(long) // lets what still runs end
		})
	}
}

func TestHandlerThatNeverReturnsDoesNotStopTheQueueForASuspect(t *testing.T) {
	t.Parallel()
	client := closedClient(t)
	synctest.Test(t, func(t *testing.T) {
		const days = 10 * 24 * time.Hour
		s, begin := busyShift(client), time.Now()
		s.pretend(days + time.Hour)
		var room quietude
		var waited time.Duration
		for time.Since(begin) < days {
			if !room.due() {
				time.Sleep(time.Second) // the other slot is at work
				continue
			}
			from := time.Now()
			room.note(s.makeRoom(t.Context(), room.limit()))
			if took := time.Since(from); took > 640*time.Second {
				t.Fatalf("nothing was claimed for %v", took)
			}
			waited += time.Since(from)
		}
		if share := waited.Seconds() / time.Since(begin).Seconds(); share > 0.15 {
			t.Errorf("the free slot idled for %.2f of the time, want a seventh", share)
		}
		time.Sleep(2 * time.Hour)
	})
}
