package outboxpgx_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// deliver takes all rows and confirms them.
func deliver(t *testing.T, source *outboxpgx.Source) (keys []string) {
	t.Helper()
	_, _, err := source.Take(t.Context(), 1000, func(_ context.Context, rows []outbox.Row) []error {
		for _, row := range rows {
			keys = append(keys, row.Key)
		}
		return make([]error, len(rows))
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	return keys
}

// age lets two minutes pass for all rows that were delivered.
func age(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	for _, table := range []string{"outbox", "outbox_recent"} {
		exec(t, pool, `UPDATE speedlayer.`+table+` SET delivered_at = delivered_at - interval '2 minutes'`)
	}
}

// fill delivers one row of each sort, and one that was delivered two minutes ago.
func fill(t *testing.T, pool *pgxpool.Pool, source *outboxpgx.Source) {
	t.Helper()
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', 'old')`)
	deliver(t, source)
	age(t, pool)
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', 'recent'), speedlayer.outbox_enqueue('q', '{}', 'plain'),
		speedlayer.outbox_enqueue('q', '{}', 'durable', durable => true)`)
	if got, want := deliver(t, source), []string{"durable", "plain", "recent"}; !slices.Equal(got, want) {
		t.Fatalf("delivered %q, want %q", got, want)
	}
}

func TestANewIdentityRepeatsTheLastMinute(t *testing.T) {
	t.Parallel()
	pool := database(t)
	source := newSource(t, pool, outboxpgx.Options{})
	if n, err := source.Repeat(t.Context(), "a"); err != nil || n != 0 {
		t.Fatalf("the first identity: %d, %v", n, err)
	}
	fill(t, pool, source)
	if n, err := source.Repeat(t.Context(), "a"); err != nil || n != 0 {
		t.Errorf("the same identity repeats %d rows, %v", n, err)
	}
	if n, err := source.Repeat(t.Context(), "b"); err != nil || n != 2 {
		t.Errorf("a new identity repeats %d rows, %v, want 2", n, err)
	}
	if _, oldest, err := source.Backlog(t.Context()); err != nil || oldest > 30*time.Second {
		t.Errorf("the backlog is %v old, %v: repeated rows wait since they are repeated", oldest, err)
	}
	if got, want := deliver(t, source), []string{"durable", "recent"}; !slices.Equal(got, want) {
		t.Errorf("repeated %q, want %q", got, want)
	}
	if n, err := newSource(t, pool, outboxpgx.Options{}).Repeat(t.Context(), "b"); err != nil || n != 0 {
		t.Errorf("another process repeats %d rows for the identity that is known, %v", n, err)
	}
}

// TestRowsThatAreUnderWayWhenRedisIsLostAreNotMarked has one relay find out about
// the loss while another one is between delivery and commit.
func TestRowsThatAreUnderWayWhenRedisIsLostAreNotMarked(t *testing.T) {
	t.Parallel()
	pool := database(t)
	a, b := newSource(t, pool, outboxpgx.Options{}), newSource(t, pool, outboxpgx.Options{})
	if _, err := b.Repeat(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '1'), speedlayer.outbox_enqueue('q', '{}', 'task')`)
	_, delivered, err := a.Take(t.Context(), 10, func(ctx context.Context, rows []outbox.Row) []error {
		if _, err := b.Repeat(ctx, "b"); err != nil {
			t.Error(err)
		}
		return make([]error, len(rows))
	})
	if err == nil || delivered != 0 {
		t.Errorf("Take across the loss: %d delivered, %v, want an error", delivered, err)
	}
	if got, want := deliver(t, a), []string{"1", "task"}; !slices.Equal(got, want) {
		t.Errorf("afterwards %q wait, want %q", got, want)
	}
}

func TestDurableTasksStayUntilTheyAreCompleted(t *testing.T) {
	t.Parallel()
	pool := database(t)
	source := newSource(t, pool, outboxpgx.Options{})
	fill(t, pool, source)
	durable := value[int64](t, pool, `SELECT id FROM speedlayer.outbox WHERE durable`)
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', 'waiting')`)
	invalidation := value[int64](t, pool, `SELECT id FROM speedlayer.outbox WHERE key = 'waiting'`)
	if err := source.Complete(t.Context(), invalidation); err != nil {
		t.Error(err)
	}
	if got, want := deliver(t, source), []string{"waiting"}; !slices.Equal(got, want) {
		t.Errorf("%q wait, want %q: what is no task cannot be completed", got, want)
	}

	if n, err := source.Sweep(t.Context()); err != nil || n != 1 {
		t.Errorf("Sweep: %d, %v, want the old row", n, err)
	}
	if got := deliver(t, source); len(got) != 0 {
		t.Errorf("%q wait within the minute", got)
	}
	age(t, pool)
	if n, err := source.Sweep(t.Context()); err != nil || n != 3 {
		t.Errorf("Sweep after the minute: %d, %v, want all three", n, err)
	}
	var again []outbox.Row
	if _, _, err := source.Take(t.Context(), 10, func(_ context.Context, rows []outbox.Row) []error {
		again = rows
		return make([]error, len(rows))
	}); err != nil {
		t.Fatal(err)
	}
	if len(again) != 1 || again[0].ID != durable || !again[0].Repeated || !again[0].Durable {
		t.Errorf("driven again: %+v, want task %d", again, durable)
	}
	if err := source.Complete(t.Context(), durable, durable+1000); err != nil {
		t.Error(err)
	}
	if n := value[int](t, pool, `SELECT count(*) FROM speedlayer.outbox`); n != 0 {
		t.Errorf("%d rows are left after the task was completed", n)
	}
	if err := source.Complete(t.Context(), durable); err != nil {
		t.Errorf("completing twice: %v", err)
	}
}

func TestATaskMayCompleteBeforeItsDeliveryIsMarked(t *testing.T) {
	t.Parallel()
	pool := database(t)
	source := newSource(t, pool, outboxpgx.Options{})
	exec(t, pool, `SELECT speedlayer.outbox_enqueue('q', '{}', durable => true)`)
	completed := make(chan error, 1)
	_, delivered, err := source.Take(t.Context(), 10, func(_ context.Context, rows []outbox.Row) []error {
		go func() { completed <- source.Complete(t.Context(), rows[0].ID) }()
		await(t, "the completion waits for the row", func() bool {
			return value[int](t, pool, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
		})
		return make([]error, len(rows))
	})
	if err != nil || delivered != 1 {
		t.Errorf("Take: %d, %v", delivered, err)
	}
	if err := <-completed; err != nil {
		t.Error(err)
	}
	if n := value[int](t, pool, `SELECT count(*) FROM speedlayer.outbox`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestALossOfRedisIsRepairedByTheRelayWithinASecond(t *testing.T) {
	t.Parallel()
	pool := database(t)
	sink := newRecorder()
	relay, _ := run(t, newSource(t, pool, outboxpgx.Options{}), sink, outbox.Options{})
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', '1')`)
	sink.await(t, "the row arrives", func() bool { return sink.times("1") == 1 })
	// A machine that is busy now and then has some tries.
	var took [5]time.Duration
	for try := range took {
		awaitAsleep(t, pool)
		sink.lose(fmt.Sprint("b", try))
		lost := time.Now()
		sink.await(t, "the row arrives again", func() bool { return sink.times("1") == 1 })
		took[try] = time.Since(lost)
		await(t, "it is counted", func() bool { return relay.Stats().Repeated >= int64(try+1) })
		if n := relay.Stats().Repeated; n != int64(try+1) {
			t.Errorf("%d rows were repeated after %d losses", n, try+1)
		}
		if took[try] < 2*time.Second {
			return
		}
	}
	t.Errorf("the row arrived again after %v, want a second", took)
}

func TestWithoutTheSchemaThereAreErrors(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, outboxpgx.DropSchema())
	source := newSource(t, pool, outboxpgx.Options{})
	if _, _, err := source.Take(t.Context(), 1, confirm); err == nil {
		t.Error("Take without a schema is no error")
	}
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return outboxpgx.Enqueue(t.Context(), tx, outbox.Task{Queue: "mail"})
	})
	if err == nil {
		t.Error("Enqueue without a schema is no error")
	}
}
