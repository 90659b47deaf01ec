package queue

import (
	"context"
	"fmt"
)

// BatchHandler carries several tasks out at once, as many as were there, at most
// WorkerOptions.Concurrency. It returns one entry for each, which means what the
// result of a [Handler] means; nil says that all are done. A result of another length,
// and a panic, count as an error of each task. Its context ends when one of the tasks
// is lost, or the worker stops.
type BatchHandler func(ctx context.Context, tasks []Task) []error

// NewBatchWorker returns a worker that hands tasks to h in batches. Middleware does
// not apply to it, and neither do NewTask.Timeout and the contexts of single tasks.
func NewBatchWorker(q *Queue, h BatchHandler, o WorkerOptions) *Worker {
	return &Worker{q: q, batch: h, o: o.withDefaults()}
}

// executeBatch is execute for the tasks of one fetch.
func (s *shift) executeBatch(runs []*run) {
	fit := make([]*run, 0, len(runs))
	tasks := make([]Task, 0, len(runs))
	for _, r := range runs {
		if v, ok := s.w.unfit(r); ok {
			s.finish(r, v)
			continue
		}
		fit = append(fit, r)
		tasks = append(tasks, r.task)
	}
	if len(fit) == 0 {
		return
	}
	results := fill(len(fit), errGoexit)
	defer func() {
		for i, r := range fit {
			s.finish(r, s.w.resolve(r, results[i]))
		}
	}()
	ctx, end := context.WithCancelCause(context.WithoutCancel(fit[0].ctx))
	defer end(nil)
	for _, r := range fit {
		defer context.AfterFunc(r.ctx, func() { end(context.Cause(r.ctx)) })()
	}
	results = s.w.callBatch(ctx, tasks)
}

func (w *Worker) callBatch(ctx context.Context, tasks []Task) (results []error) {
	var err error
	defer func() {
		if err != nil {
			results = fill(len(tasks), err)
		}
	}()
	defer w.recovered(tasks[0].ID, &err)
	results = w.batch(ctx, tasks)
	if results == nil {
		return make([]error, len(tasks))
	}
	if len(results) != len(tasks) {
		err = fmt.Errorf("handler returned %d results for %d tasks", len(results), len(tasks))
	}
	return results
}

func fill(n int, err error) []error {
	results := make([]error, n)
	for i := range results {
		results[i] = err
	}
	return results
}
