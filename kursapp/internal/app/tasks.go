package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/queue"
)

// taskQueue takes tasks of the outbox to a queue.
type taskQueue struct{ *queue.Queue }

// Add implements tasks. A row that comes again is dropped for an hour, which is far
// longer than a relay that died leaves it unmarked, even when the task is over by then;
// a durable one also as long as the queue has the task, however long that is tried. A
// Redis that lost the task has lost its id as well, and takes it again at once.
func (q taskQueue) Add(ctx context.Context, rows []outbox.Row) []error {
	errs := make([]error, len(rows))
	if err := q.add(ctx, rows...); err == nil {
		return errs
	} else if !errors.Is(err, queue.ErrPayload) {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	// One that cannot be a task keeps all from being added.
	for i, row := range rows {
		if err := q.add(ctx, row); errors.Is(err, queue.ErrPayload) {
			errs[i] = fmt.Errorf("app: row %d: %w: %w", row.ID, outbox.ErrRefused, err)
		} else {
			errs[i] = err
		}
	}
	return errs
}

func (q taskQueue) add(ctx context.Context, rows ...outbox.Row) error {
	tasks := make([]queue.NewTask, len(rows))
	for i, row := range rows {
		tasks[i] = queue.NewTask{ID: row.TaskID(), Type: row.Key, Payload: row.Payload}
		if row.Durable {
			tasks[i].Unique = row.TaskID()
		}
	}
	_, err := q.Queue.Add(ctx, tasks...)
	return err
}

// completing tells the outbox which of its tasks are over, the metrics how long they
// took from their commit, and the dashboard everything.
func (a *App) completing(c *outbox.Completer, watch *cacheWatch) func(queue.Event) {
	return func(e queue.Event) {
		watch.live.TaskEvent(e)
		if e.Kind != queue.EventDone && e.Kind != queue.EventDead {
			return
		}
		c.Over(e.TaskID)
		if _, created, ok := outbox.ParseTaskID(e.TaskID); ok && e.Kind == queue.EventDone && watch.metrics != nil {
			watch.metrics.ObserveTaskDone(time.Since(created))
		}
	}
}
