package outbox_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/outbox"
)

func TestTaskIDsTellRowsApart(t *testing.T) {
	t.Parallel()
	made := time.UnixMicro(1_764_000_000_123_456)
	row := outbox.Row{ID: 42, CreatedAt: made}
	if got := row.TaskID(); got != "outbox-42-1764000000123456" {
		t.Errorf("TaskID() = %q", got)
	}
	// The same number in a database that was made anew.
	if row.TaskID() == (outbox.Row{ID: 42, CreatedAt: made.Add(time.Microsecond)}).TaskID() {
		t.Error("two rows have the same id")
	}
	if id, since, ok := outbox.ParseTaskID(row.TaskID()); !ok || id != 42 || !since.Equal(made) {
		t.Errorf("ParseTaskID = %d, %v, %v", id, since, ok)
	}
	for _, foreign := range []string{"", "42", "outbox-", "outbox-42", "outbox-42-", "outbox-x-1", "outbox-1-x", "mail-42-1"} {
		if _, _, ok := outbox.ParseTaskID(foreign); ok {
			t.Errorf("ParseTaskID(%q) takes it for a row", foreign)
		}
	}
}

// completions is a source that fails some times before it completes.
type completions struct {
	outbox.Source
	mu       sync.Mutex
	failures int
	rows     []int64
}

func (c *completions) Complete(_ context.Context, rows ...int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures--; c.failures >= 0 {
		return errors.New("the database is away")
	}
	c.rows = append(c.rows, rows...)
	return nil
}

func TestCompleterTellsTheSourceInSpiteOfFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &completions{failures: 3}
		failed := 0
		c := outbox.NewCompleter(source, func(error) { failed++ })
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = c.Run(ctx) })
		c.Over("outbox-1-1")
		c.Over("somebody's")
		time.Sleep(time.Second)
		if source.mu.Lock(); !slices.Equal(source.rows, []int64{1}) || failed != 3 {
			t.Errorf("completed %v after %d failures, want row 1 after 3", source.rows, failed)
		}
		source.mu.Unlock()
		for id := range int64(2500) {
			c.Over(outbox.Row{ID: id + 2, CreatedAt: time.UnixMicro(1)}.TaskID())
		}
		stop() // what was taken down before the end is told
		running.Wait()
		if len(source.rows) != 2501 || source.rows[2500] != 2501 {
			t.Errorf("%d rows were completed, want 2501", len(source.rows))
		}
	})
}
