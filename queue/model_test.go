package queue_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/queue"
)

// modelled is a task as the model sees it. The payload is what its runs come to.
type modelled struct {
	id, result, unique string
	attempts           int
}

// model is what a queue should hold: where each task stands, by id. Tasks that are put
// off are put off for an hour, so nothing becomes due by itself.
type model struct {
	waiting, scheduled, retrying, dead map[string]modelled
	added                              map[string]bool // ids that are remembered
	paused                             bool
	processed, failed, died            int64
}

const modelAttempts = 2

// uniqueHeld reports whether a task with that key is there.
func (m *model) uniqueHeld(key string) bool {
	for _, set := range []map[string]modelled{m.waiting, m.scheduled, m.retrying, m.dead} {
		for _, t := range set {
			if t.unique == key {
				return true
			}
		}
	}
	return false
}

// run does what workers do until nothing waits.
func (m *model) run() {
	if m.paused {
		return
	}
	for id, t := range m.waiting {
		delete(m.waiting, id)
		switch t.result {
		case "done":
			m.processed++
		case "fail":
			t.attempts++
			m.failed++
			if t.attempts >= modelAttempts {
				m.dead[id], m.died = t, m.died+1
			} else {
				m.retrying[id] = t
			}
		case "postpone":
			m.retrying[id] = t
		case "permanent":
			t.attempts++
			m.failed++
			m.dead[id], m.died = t, m.died+1
		}
	}
}

func (m *model) retry(id string) bool {
	for _, set := range []map[string]modelled{m.scheduled, m.retrying, m.dead} {
		if t, ok := set[id]; ok {
			if _, isDead := m.dead[id]; isDead {
				t.attempts = 0
			}
			delete(set, id)
			m.waiting[id] = t // it is due, and nothing is put off for less than an hour
			return true
		}
	}
	return false
}

func modelHandler(_ context.Context, task queue.Task) error {
	switch string(task.Payload) {
	case `"fail"`:
		return errors.New("no")
	case `"postpone"`:
		return queue.Postpone(time.Hour)
	case `"permanent"`:
		return queue.Permanent(errors.New("never"))
	}
	return nil
}

// list reads all pages of one state as "id result attempts".
func list(t *rapid.T, q *queue.Queue, state queue.State) []string {
	var all []string
	for cursor := ""; ; {
		page, err := q.List(context.Background(), state, cursor, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range page.Tasks {
			all = append(all, fmt.Sprintf("%s %s %d", task.ID, task.Payload, task.Attempts))
		}
		if cursor = page.Next; cursor == "" {
			slices.Sort(all)
			return all
		}
	}
}

func sorted(set map[string]modelled) []string {
	var all []string
	for id, t := range set {
		all = append(all, fmt.Sprintf("%s %q %d", id, t.result, t.attempts))
	}
	slices.Sort(all)
	return all
}

func TestQueueAgreesWithAModel(t *testing.T) {
	t.Parallel()
	// A worker that stops takes half a second, in each step.
	checks := "5"
	if os.Getenv("SPEEDLAYER_LONG") != "" {
		checks = "40"
	}
	if err := flag.Set("rapid.checks", checks); err != nil {
		t.Fatal(err)
	}
	client := redistest.Shared(t).Client(t)
	prefix := redistest.Prefix(t)
	var cases int
	rapid.Check(t, func(t *rapid.T) {
		cases++
		q := queue.New(client, fmt.Sprintf("%s%d", prefix, cases), queue.Options{
			MaxAttempts: modelAttempts, Backoff: func(int) time.Duration { return time.Hour }, RedisTimeout: patience,
		})
		m := &model{
			waiting: map[string]modelled{}, scheduled: map[string]modelled{}, retrying: map[string]modelled{},
			dead: map[string]modelled{}, added: map[string]bool{},
		}
		anyID := rapid.StringMatching(`[a-h]`)
		do := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		ctx := context.Background()
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				n := queue.NewTask{
					ID:       anyID.Draw(t, "id"),
					Payload:  rapid.SampledFrom([]string{"done", "fail", "postpone", "permanent"}).Draw(t, "result"),
					Unique:   rapid.SampledFrom([]string{"", "", "u", "v"}).Draw(t, "unique"),
					Priority: queue.Priority(rapid.IntRange(-1, 1).Draw(t, "priority")),
				}
				delayed := rapid.Bool().Draw(t, "delayed")
				if delayed {
					n.Delay = time.Hour
				}
				if rapid.Bool().Draw(t, "plain") {
					n.ID, n.Unique = "", ""
				}
				added, err := q.Add(ctx, n)
				do(err)
				duplicate := n.ID != "" && m.added[n.ID] || n.Unique != "" && m.uniqueHeld(n.Unique)
				if added[0].Duplicate != duplicate {
					t.Fatalf("Add(%+v) = %+v, want a duplicate: %v", n, added[0], duplicate)
				}
				if duplicate {
					return
				}
				if n.ID != "" {
					m.added[n.ID] = true
				}
				set := m.waiting
				if delayed {
					set = m.scheduled
				}
				set[added[0].ID] = modelled{id: added[0].ID, result: n.Payload.(string), unique: n.Unique}
			},
			"work": func(t *rapid.T) {
				work(t, q, m)
			},
			"pause":  func(*rapid.T) { do(q.Pause(ctx)); m.paused = true },
			"resume": func(*rapid.T) { do(q.Resume(ctx)); m.paused = false },
			"retry": func(t *rapid.T) {
				if m.paused {
					t.Skip("a retried task is moved by a worker")
				}
				id := anyID.Draw(t, "id")
				n, err := q.Retry(ctx, id)
				do(err)
				if want := m.retry(id); (n == 1) != want {
					t.Fatalf("Retry(%s) = %d, want it there: %v", id, n, want)
				}
				work(t, q, m)
			},
			"delete": func(t *rapid.T) {
				id := anyID.Draw(t, "id")
				n, err := q.Delete(ctx, id)
				do(err)
				want := false
				for _, set := range []map[string]modelled{m.scheduled, m.retrying, m.dead} {
					if _, ok := set[id]; ok {
						delete(set, id)
						want = true
					}
				}
				if (n == 1) != want {
					t.Fatalf("Delete(%s) = %d, want it there: %v", id, n, want)
				}
			},
		})
	})
}

// work runs a worker until the queue is as the model says, and then compares contents.
func work(t *rapid.T, q *queue.Queue, m *model) {
	if m.paused {
		return // retried tasks stay where they are until a worker looks
	}
	m.run()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		_ = queue.NewWorker(q, modelHandler, queue.WorkerOptions{Concurrency: 3}).Run(ctx)
	})
	defer running.Wait()
	defer stop()
	want := queue.Stats{
		Scheduled: int64(len(m.scheduled)), Retrying: int64(len(m.retrying)), Dead: int64(len(m.dead)),
		Processed: m.processed, Failed: m.failed, Died: m.died,
	}
	// The counts alone do not tell: a task that was postponed and runs again is counted
	// as before.
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		difference := m.differs(t, q, want)
		if difference == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(difference)
		}
	}
}

// differs says where the queue is not as the model, or nothing.
func (m *model) differs(t *rapid.T, q *queue.Queue, want queue.Stats) string {
	got, err := q.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	got.Latency, got.Workers = 0, 0
	if got != want {
		return fmt.Sprintf("Stats() = %+v, want %+v", got, want)
	}
	for state, set := range map[queue.State]map[string]modelled{
		queue.StateWaiting: m.waiting, queue.StateRunning: nil, queue.StateScheduled: m.scheduled,
		queue.StateRetrying: m.retrying, queue.StateDead: m.dead,
	} {
		if got, want := list(t, q, state), sorted(set); !slices.Equal(got, want) {
			return fmt.Sprintf("%s tasks %v, want %v", state, got, want)
		}
	}
	return ""
}
