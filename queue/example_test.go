package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/queue"
)

// exampleRedis returns a client of a Redis inside the process, so that the
// examples run anywhere.
func exampleRedis() (client rueidis.Client, stop func()) {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	client, err = rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{server.Addr()}, ForceSingleClient: true, AlwaysRESP2: true, DisableCache: true,
	})
	if err != nil {
		panic(err)
	}
	return client, func() { client.Close(); server.Close() }
}

func Example() {
	client, stop := exampleRedis()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	type mail struct {
		To string `json:"to"`
	}
	mails := queue.New(client, "email_queue", queue.Options{})
	if err := mails.Enqueue(ctx, mail{To: "max@example.com"}); err != nil {
		fmt.Println(err)
	}

	worker := queue.NewWorker(mails, func(_ context.Context, t queue.Task) error {
		var m mail
		if err := json.Unmarshal(t.Payload, &m); err != nil {
			return queue.Permanent(err) // trying again would not help
		}
		fmt.Printf("attempt %d: mail to %s\n", t.Attempt, m.To)
		cancel() // one task is enough here
		return nil
	}, queue.WorkerOptions{})
	fmt.Println(worker.Run(ctx))
	// Output:
	// attempt 1: mail to max@example.com
	// <nil>
}

func ExampleQueue_List() {
	client, stop := exampleRedis()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	mails := queue.New(client, "email_queue", queue.Options{MaxAttempts: 2, Backoff: queue.Backoff(time.Millisecond, time.Second)})
	if err := mails.Enqueue(ctx, map[string]string{"to": "nobody@example.com"}); err != nil {
		fmt.Println(err)
	}
	worker := queue.NewWorker(mails, func(context.Context, queue.Task) error {
		return errors.New("550 no such user")
	}, queue.WorkerOptions{OnEvent: func(e queue.Event) {
		fmt.Println(e.Kind, e.Err)
		if e.Kind == queue.EventDead {
			cancel()
		}
	}})
	_ = worker.Run(ctx)

	page, err := mails.List(context.Background(), queue.StateDead, "", 10)
	for _, d := range page.Tasks {
		fmt.Printf("%s after %d attempts: %s\n", d.Payload, d.Attempts, d.Error)
		_, err = mails.Retry(context.Background(), d.ID)
	}
	fmt.Println(err)
	// Output:
	// failed 550 no such user
	// dead 550 no such user
	// {"to":"nobody@example.com"} after 2 attempts: 550 no such user
	// <nil>
}

func ExamplePostpone() {
	client, stop := exampleRedis()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	mails := queue.New(client, "email_queue", queue.Options{MaxAttempts: 1})
	if err := mails.Enqueue(ctx, "hello"); err != nil {
		fmt.Println(err)
	}
	runs := 0
	worker := queue.NewWorker(mails, func(_ context.Context, t queue.Task) error {
		if runs++; runs < 3 {
			return queue.Postpone(100 * time.Millisecond)
		}
		fmt.Printf("run %d is attempt %d\n", runs, t.Attempt)
		cancel()
		return nil
	}, queue.WorkerOptions{})
	_ = worker.Run(ctx)
	// Output:
	// run 3 is attempt 1
}

func ExampleQueue_Stats() {
	client, stop := exampleRedis()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	mails := queue.New(client, "email_queue", queue.Options{})
	for range 3 {
		if err := mails.Enqueue(ctx, "hello"); err != nil {
			fmt.Println(err)
		}
	}
	s, err := mails.Stats(ctx)
	fmt.Println(s.Waiting, s.Running, s.Dead, err)
	// Output:
	// 3 0 0 <nil>
}
