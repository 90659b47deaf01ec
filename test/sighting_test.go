package test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// sighting is what a server answers to the requests of one session, all the time.
type sighting struct {
	server *process
	about  string

	mu      sync.Mutex
	count   map[int]int
	lastOK  time.Time // when the latest request that got 200 was sent
	refused time.Time // when the first 401 came
	revived int       // 200 after the first 401
	answers []answer
}

// answer is one of them.
type answer struct {
	sent       time.Time
	status     int
	retryAfter string
}

// watching are the sightings of one session at all servers.
type watching struct {
	sightings []*sighting
	cancel    context.CancelFunc
	wg        sync.WaitGroup
}

// watch asks all servers with a session, one request after the other, until stop.
func (f *fleet) watch(t *testing.T, pause time.Duration, about, path, header string) *watching {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	w := &watching{cancel: cancel}
	for i, p := range f.servers {
		s := &sighting{server: p, about: fmt.Sprintf("%s at server %d", about, i), count: map[int]int{}}
		w.sightings = append(w.sightings, s)
		w.wg.Go(func() { s.look(ctx, pause, path, header) })
	}
	t.Cleanup(w.stop)
	return w
}

func (w *watching) stop() {
	w.cancel()
	w.wg.Wait()
}

func (s *sighting) look(ctx context.Context, pause time.Duration, path, header string) {
	for ctx.Err() == nil {
		sent := time.Now()
		if r, err := s.server.try(ctx, "GET", path, "", header); err == nil {
			s.note(answer{sent, r.status, r.header.Get("Retry-After")})
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func (s *sighting) note(a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count[a.status]++
	s.answers = append(s.answers, a)
	switch a.status {
	case http.StatusOK:
		s.lastOK = a.sent
		if !s.refused.IsZero() {
			s.revived++
		}
	case http.StatusUnauthorized:
		if s.refused.IsZero() {
			s.refused = time.Now()
		}
	}
}

// since counts the answers of a status to requests that were sent after a time.
func (s *sighting) since(after time.Time, status int) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.answers {
		if a.status == status && a.sent.After(after) {
			n++
		}
	}
	return n
}

// enough is how many answers tell that it stays so.
const enough = 20

// await waits until all servers gave enough answers of a status to requests that were
// sent after a time.
func (w *watching) await(t *testing.T, after time.Time, status, n int) {
	t.Helper()
	for _, s := range w.sightings {
		s.await(t, after, status, n)
	}
}

func (s *sighting) await(t *testing.T, after time.Time, status, n int) {
	t.Helper()
	eventually(t, startTimeout, func() error {
		if got := s.since(after, status); got < n {
			return fmt.Errorf("%s: %d answers with %d, %v in all", s.about, got, status, s.counts())
		}
		return nil
	})
}

func (s *sighting) counts() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.count)
}

// ended waits until the session has ended at all servers, and returns how long after
// a time the last one learned of it. No server may let it in again.
func (w *watching) ended(t *testing.T, after time.Time) (took time.Duration) {
	t.Helper()
	w.await(t, time.Time{}, http.StatusUnauthorized, enough)
	for _, s := range w.sightings {
		s.mu.Lock()
		if s.revived > 0 {
			t.Errorf("%s: let in %d times after it had been refused: %v", s.about, s.revived, s.count)
		}
		if s.lastOK.IsZero() {
			t.Errorf("%s: was never let in: %v", s.about, s.count)
		}
		took = max(took, s.refused.Sub(after))
		s.mu.Unlock()
	}
	return took
}

// neverLetIn fails where a server let a session in to a request that was sent later.
func (s *sighting) neverLetIn(t *testing.T, later time.Time) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastOK.After(later) {
		t.Errorf("%s: let in %v too late: %v", s.about, s.lastOK.Sub(later), s.count)
	}
}

// stayed fails where a server refused a session, ever, or did not let it in often
// enough after a time.
func (w *watching) stayed(t *testing.T, after time.Time) {
	t.Helper()
	w.await(t, after, http.StatusOK, enough)
	for _, s := range w.sightings {
		s.mu.Lock()
		if n := s.count[http.StatusUnauthorized]; n > 0 {
			t.Errorf("%s: refused %d times: %v", s.about, n, s.count)
		}
		s.mu.Unlock()
	}
}
