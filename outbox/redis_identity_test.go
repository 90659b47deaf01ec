package outbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/outbox"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...)
}

// identity asks until a master answers.
func identity(tb testing.TB, client rueidis.Client) string {
	tb.Helper()
	deadline, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	for {
		ctx, stop := context.WithTimeout(deadline, 2*time.Second)
		id, err := outbox.RedisIdentity(ctx, client)
		stop()
		if err == nil {
			return id
		}
		if deadline.Err() != nil {
			tb.Fatal(err)
		}
	}
}

func TestIdentityIsStableAndChangesWithARestart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	before := identity(t, client)
	if again := identity(t, client); again != before {
		t.Errorf("%q changed to %q by itself", before, again)
	}
	server.Flush(t)
	if flushed := identity(t, client); flushed != before {
		t.Errorf("FLUSHALL changed %q to %q, against what the documentation says", before, flushed)
	}
	server.Restart(t)
	if after := identity(t, client); after == before {
		t.Errorf("a restart left the identity at %q", after)
	}
}

func TestIdentityWithoutAMasterIsAnErrorInTime(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	server.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	start := time.Now()
	id, err := outbox.RedisIdentity(ctx, client)
	if err == nil {
		t.Errorf("a frozen server has the identity %q", id)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("the answer took %v, want less than the second of the context", d)
	}
}

func TestIdentityOfAClusterChangesWithItsMasters(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	replica := cluster.AddReplica(t, cluster.Nodes()[0])
	client := cluster.Client(t)
	before := identity(t, client)
	if again := identity(t, client); again != before {
		t.Errorf("%q changed to %q by itself", before, again)
	}

	cluster.Nodes()[0].Kill(t)
	without := identity(t, client)
	if without == before {
		t.Error("a dead master is still part of the identity")
	}
	cluster.AwaitMaster(t, replica, cluster.Nodes()[1:3]...)
	replica.CLI(t, "PING")
	await(t, "the replica's data is part of the identity", func() bool {
		// The client learns of the new master when it needs it.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for i := range 16 {
			_ = client.Do(ctx, client.B().Get().Key(fmt.Sprint(i)).Build()).Error()
		}
		id := identity(t, client)
		return id != before && id != without
	})
}

// await waits until condition holds.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long: %s", what)
		}
	}
}
