package queue

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"
)

// A worker that was struck off between its look and its wait has a new name by then.
// What it claimed under that would be taken for the old one's, and forgotten.
func TestWaitClaimsNothingUnderANameThatIsNew(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{server.Addr()}, ForceSingleClient: true, AlwaysRESP2: true, DisableCache: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	q := New(client, "q", Options{})
	s := newShift(NewWorker(q, nil, WorkerOptions{}))
	m, err := s.membership(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Enqueue(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s.earlyOf = newMember()
	if err := s.awaitTask(t.Context(), 0); err != nil || len(s.early) != 0 {
		t.Errorf("claimed %v (%v) for another name", s.early, err)
	}
	s.earlyOf = m
	if err := s.awaitTask(t.Context(), 0); err != nil || len(s.early) != 1 {
		t.Errorf("claimed %v (%v), want the task", s.early, err)
	}
}
