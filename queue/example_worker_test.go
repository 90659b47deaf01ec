package queue_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/speedlayer/speedlayer/queue"
)

func ExampleEvery() {
	midnight := queue.Every(24 * time.Hour)
	fmt.Println(midnight.Next(time.Date(2025, 11, 25, 18, 30, 0, 0, time.UTC)))
	// Output:
	// 2025-11-26 00:00:00 +0000 UTC
}

func ExampleSchedule() {
	client, stop := exampleRedis()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	tasks := queue.New(client, "tasks", queue.Options{})
	worker := queue.NewWorker(tasks, func(_ context.Context, t queue.Task) error {
		fmt.Printf("%s %s\n", t.Type, t.Payload)
		cancel() // one tick is enough here
		return nil
	}, queue.WorkerOptions{Schedules: []queue.Schedule{{
		Name:  "clean up",
		Every: queue.Every(time.Second),
		Task:  queue.NewTask{Type: "cleanup", Payload: map[string]int{"days": 7}},
	}}})
	fmt.Println(worker.Run(ctx))
	// Output:
	// cleanup {"days":7}
	// <nil>
}

func perStart[R any](take func(context.Context) (R, error), read func(R) (bool, time.Duration)) queue.LimiterFunc {
	return func(ctx context.Context, n int) (int, time.Duration, error) {
		for granted := range n {
			r, err := take(ctx)
			if err != nil {
				return granted, 0, err
			}
			if allowed, wait := read(r); !allowed {
				return granted, wait, nil
			}
		}
		return n, 0, nil
	}
}

// A limiter that decides about one start at a time fits with a function like
// perStart. That of package ratelimit, with a rule of 100 starts a minute:
//
//	perStart(
//		func(ctx context.Context) (ratelimit.Result, error) { return limiter.Take(ctx, "smtp", rule) },
//		func(r ratelimit.Result) (bool, time.Duration) { return r.Allowed, r.RetryAfter },
//	)
func ExampleLimiterFunc() {
	client, stop := exampleRedis()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	type decision struct {
		allowed    bool
		retryAfter time.Duration
	}
	asked := 0
	limiter := perStart(func(context.Context) (decision, error) {
		asked++
		return decision{allowed: asked != 2, retryAfter: 50 * time.Millisecond}, nil
	}, func(d decision) (bool, time.Duration) { return d.allowed, d.retryAfter })

	mails := queue.New(client, "email_queue", queue.Options{})
	for i := range 3 {
		if err := mails.Enqueue(ctx, i); err != nil {
			fmt.Println(err)
		}
	}
	worker := queue.NewWorker(mails, func(_ context.Context, t queue.Task) error {
		fmt.Printf("%s\n", t.Payload)
		if string(t.Payload) == "2" {
			cancel()
		}
		return nil
	}, queue.WorkerOptions{Limiter: limiter, Concurrency: 1})
	_ = worker.Run(ctx)
	fmt.Println("asked", asked, "times")
	// Output:
	// 0
	// 1
	// 2
	// asked 4 times
}

func ExampleNewBatchWorker() {
	client, stop := exampleRedis()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	events := queue.New(client, "events", queue.Options{})
	for i := range 3 {
		if err := events.Enqueue(ctx, i); err != nil {
			fmt.Println(err)
		}
	}
	worker := queue.NewBatchWorker(events, func(_ context.Context, tasks []queue.Task) []error {
		results := make([]error, len(tasks))
		for i, t := range tasks {
			if string(t.Payload) == "1" {
				results[i] = queue.Permanent(errors.New("the number is odd"))
			}
		}
		fmt.Println(len(tasks), "at once")
		cancel()
		return results
	}, queue.WorkerOptions{Concurrency: 100})
	_ = worker.Run(ctx)

	s, err := events.Stats(context.Background())
	fmt.Println(s.Processed, "done,", s.Dead, "dead", err)
	// Output:
	// 3 at once
	// 2 done, 1 dead <nil>
}
