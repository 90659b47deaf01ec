package app

import (
	"errors"
	"sync"
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
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
	for _, key := range []string{"cache:user:1", "{cache:user:1}:lease", "session:abc", "rate:data:{127.0.0.1}", "email_queue", "{email_queue}:seq", "kursapp:demo:mails"} {
		server.CLI(t, "SET", key, "x")
	}
	server.CLI(t, "SET", "shop:basket", "theirs")
	deleted, err := clearDemoRedis(t.Context(), client)
	if err != nil || deleted != 7 {
		t.Errorf("deleted %d keys (%v), want 7", deleted, err)
	}
	keys, err := client.Do(t.Context(), client.B().Keys().Pattern("*").Build()).AsStrSlice()
	if err != nil || len(keys) != 1 || keys[0] != "shop:basket" {
		t.Errorf("left behind: %v (%v), want shop:basket alone", keys, err)
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
