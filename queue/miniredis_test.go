package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/queue"
)

// TestMiniredisIsEnough runs what the examples leave out on the Redis inside the
// process that a demo may use: leases, a vanished worker, garbage.
func TestMiniredisIsEnough(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	connect := func() rueidis.Client {
		client, err := rueidis.NewClient(rueidis.ClientOption{
			InitAddress: []string{server.Addr()}, ForceSingleClient: true, AlwaysRESP2: true, DisableCache: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	client, doomed := connect(), connect()
	t.Cleanup(client.Close)
	o := queue.Options{Lease: 2 * time.Second, MaxDead: 2}
	q := queue.New(client, "email_queue", o)

	hanging := make(chan struct{})
	startWorker(t, queue.New(doomed, "email_queue", o), func(ctx context.Context, _ queue.Task) error {
		close(hanging)
		<-ctx.Done()
		return nil
	}, queue.WorkerOptions{DrainTimeout: time.Millisecond})
	enqueue(t, q, `"reaped"`)
	<-hanging
	doomed.Close() // for the queue this is the worker's death

	var runs journal[queue.Task]
	startWorker(t, q, func(ctx context.Context, task queue.Task) error {
		runs.add(task)
		switch string(task.Payload) {
		case `"long"`:
			time.Sleep(2 * o.Lease)
			return ctx.Err()
		case `"failing"`:
			return queue.Permanent(errors.New("no"))
		}
		return nil
	}, queue.WorkerOptions{})
	eventually(t, "the reaped task", func() bool { return runs.len() == 1 })
	if task := runs.all()[0]; task.Crashes != 1 {
		t.Errorf("reaped task %+v, want 1 crash", task)
	}
	enqueue(t, q, `"long"`, `"failing"`, `"failing"`, `"failing"`)
	awaitStats(t, q, counts{Dead: 2})
	if runs.len() != 5 {
		t.Errorf("%d runs of 5 tasks", runs.len())
	}
}
