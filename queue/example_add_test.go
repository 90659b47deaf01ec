package queue_test

import (
	"context"
	"fmt"
	"time"

	"github.com/speedlayer/speedlayer/queue"
)

func ExampleQueue_Add() {
	client, stop := exampleRedis()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	orders := queue.New(client, "orders", queue.Options{})
	invoice := queue.NewTask{
		Type:     "invoice",
		Payload:  map[string]int{"order": 42},
		ID:       "invoice for 42", // added twice, it comes once
		Delay:    time.Hour,
		Priority: queue.PriorityHigh,
		Timeout:  time.Minute,
	}
	reindex := queue.NewTask{Type: "reindex", Payload: "orders", Unique: "reindex"}
	for range 2 {
		added, err := orders.Add(ctx, invoice, reindex)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(added[0].ID, added[0].Duplicate, added[1].Duplicate)
	}
	s, err := orders.Stats(ctx)
	fmt.Println(s.Scheduled, s.Waiting, err)
	// Output:
	// invoice for 42 false false
	// invoice for 42 true true
	// 1 1 <nil>
}

func ExampleMux() {
	client, stop := exampleRedis()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	type mail struct {
		To string `json:"to"`
	}
	mails := queue.NewType[mail]("mail", queue.TypeOptions{MaxAttempts: 5, Timeout: time.Minute})
	reports := queue.NewType[time.Month]("report", queue.TypeOptions{})

	tasks := queue.New(client, "tasks", queue.Options{})
	_, err := tasks.Add(ctx, mails.Task(mail{To: "max@example.com"}), reports.Task(time.May))
	if err != nil {
		fmt.Println(err)
	}

	var mux queue.Mux
	queue.Handle(&mux, mails, func(_ context.Context, m mail, t queue.Task) error {
		fmt.Println(t.Type, m.To)
		return nil
	})
	queue.Handle(&mux, reports, func(_ context.Context, month time.Month, t queue.Task) error {
		fmt.Println(t.Type, month)
		cancel() // two tasks are enough here
		return nil
	})
	_ = queue.NewWorker(tasks, mux.Handle, queue.WorkerOptions{Concurrency: 1}).Run(ctx)
	// Output:
	// mail max@example.com
	// report May
}

func ExampleQueue_Pause() {
	client, stop := exampleRedis()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	mails := queue.New(client, "email_queue", queue.Options{})
	if err := mails.Pause(ctx); err != nil {
		fmt.Println(err)
	}
	if err := mails.Enqueue(ctx, "hello"); err != nil {
		fmt.Println(err)
	}
	s, err := mails.Stats(ctx)
	fmt.Println(s.Paused, s.Waiting, err)

	if err := mails.Resume(ctx); err != nil {
		fmt.Println(err)
	}
	_ = queue.NewWorker(mails, func(_ context.Context, t queue.Task) error {
		fmt.Printf("%s\n", t.Payload)
		cancel()
		return nil
	}, queue.WorkerOptions{}).Run(ctx)
	// Output:
	// true 1 <nil>
	// "hello"
}
