package app

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/queue"
)

func TestRedisIsMarkedOnceAndRefusedByTheOtherMode(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	if err := markRedis(ModeDemo)(t.Context(), client); err != nil {
		t.Fatalf("a fresh Redis was refused: %v", err)
	}
	if err := markRedis(ModeDemo)(t.Context(), client); err != nil {
		t.Errorf("its own mark was refused: %v", err)
	}
	if err := markRedis(ModeProduction)(t.Context(), client); !errors.Is(err, errForeignRedis) {
		t.Errorf("production on a demo's Redis: %v, want errForeignRedis", err)
	}
	server.Flush(t)
	if err := markRedis(ModeProduction)(t.Context(), client); err != nil {
		t.Errorf("a Redis that lost its data was refused: %v", err)
	}
	if err := markRedis(ModeDemo)(t.Context(), client); !errors.Is(err, errForeignRedis) {
		t.Errorf("a demo on production's Redis: %v, want errForeignRedis", err)
	}
}

// Demos that start together on an empty Redis find each other's keys in it.
func TestDemosThatStartTogetherShareARedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	for round := range 200 {
		server.Flush(t)
		var demos sync.WaitGroup
		for range 4 {
			demos.Go(func() {
				if err := markRedis(ModeDemo)(t.Context(), client); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		demos.Wait()
	}
	server.CLI(t, "DEL", markKey)
	server.CLI(t, "SET", "shop:basket", "theirs")
	if err := markRedis(ModeDemo)(t.Context(), client); !errors.Is(err, errForeignRedis) {
		t.Errorf("a demo on somebody's Redis: %v, want errForeignRedis", err)
	}
}

func TestUndemoDeletesTheDemosKeysAndNothingElse(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	if err := markRedis(ModeDemo)(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"cache:user:1", "{cache:user:1}:lease", "session:abc", "rate:data:{127.0.0.1}", "ratelimit:instances", "email_queue", "{email_queue}:seq", "kursapp:demo:mails"} {
		server.CLI(t, "SET", key, "x")
	}
	server.CLI(t, "SET", "shop:basket", "theirs")
	deleted, err := clearDemoRedis(t.Context(), client)
	if err != nil || deleted != 8 {
		t.Errorf("deleted %d keys (%v), want 8", deleted, err)
	}
	keys, err := client.Do(t.Context(), client.B().Keys().Pattern("*").Build()).AsStrSlice()
	if err != nil || len(keys) != 1 || keys[0] != "shop:basket" {
		t.Errorf("left behind: %v (%v), want shop:basket alone", keys, err)
	}
}

// The queues have made every kind of key that they know.
func TestUndemoLeavesNothingOfTheQueues(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	if err := markRedis(ModeDemo)(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	for _, name := range queueNames {
		q := queue.New(client, name, jobs.QueueOptions())
		if _, err := q.Add(t.Context(),
			queue.NewTask{ID: "scheduled", Payload: 1, Delay: time.Hour, Unique: "x"},
			queue.NewTask{ID: "dead", Payload: 1}, queue.NewTask{ID: "retried", Payload: 1},
		); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- queue.NewWorker(q, func(_ context.Context, task queue.Task) error {
				if task.ID == "dead" {
					return queue.Permanent(errors.New("550"))
				}
				return queue.Postpone(time.Hour)
			}, queue.WorkerOptions{Schedules: []queue.Schedule{{Name: "often", Every: queue.Every(time.Second), Task: queue.NewTask{Payload: 1}}}}).Run(ctx)
		}()
		for _, kind := range []string{
			"meta", "workers", "reaper", "cron", "dead", "retry", "scheduled", "tasks", "tasks:high", "tasks:low",
			"again", "suspects", "once:dead", "unique:x", "task:retried",
		} {
			awaitKey(t, client, "{"+name+"}:"+kind)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for _, key := range []string{name, "{" + name + "}:inbox", "{" + name + "}:crashes"} {
			server.CLI(t, "SET", key, "x")
		}
	}
	if _, err := clearDemoRedis(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if keys := server.CLI(t, "KEYS", "*"); keys != "" {
		t.Errorf("left behind: %s", keys)
	}
}

func awaitKey(t *testing.T, client rueidis.Client, key string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		n, err := client.Do(t.Context(), client.B().Exists().Key(key).Build()).AsInt64()
		if n == 1 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("there is no %s (%v)", key, err)
		}
	}
}

func TestUndemoRefusesProductionsRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	if err := markRedis(ModeProduction)(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	server.CLI(t, "SET", "session:abc", "x")
	if _, err := clearDemoRedis(t.Context(), client); err == nil {
		t.Error("production's Redis was cleared")
	}
	if n, err := client.Do(t.Context(), client.B().Exists().Key("session:abc").Build()).AsInt64(); err != nil || n != 1 {
		t.Errorf("a session of production is gone (%v)", err)
	}
}
