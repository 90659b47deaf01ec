package embedded_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/kursapp/internal/embedded"
)

func start(t *testing.T) *embedded.Redis {
	t.Helper()
	// t.TempDir is too long for a Unix socket.
	dir, err := os.MkdirTemp("", "emb") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r, err := embedded.StartRedis(t.Context(), dir)
	if err != nil {
		t.Fatalf("StartRedis: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	return r
}

func connect(t *testing.T, r *embedded.Redis) rueidis.Client {
	t.Helper()
	client, err := rueidis.NewClient(r.Options)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(client.Close)
	return client
}

// expiry sets a key that lives for 300 ms, or longer where the machine is too busy to
// see it, and waits until it is gone.
func expiry(t *testing.T, client rueidis.Client) {
	t.Helper()
	for life, seen := 300*time.Millisecond, false; !seen; life *= 2 {
		if err := client.Do(t.Context(), client.B().Set().Key("k").Value("v").Px(life).Build()).Error(); err != nil {
			t.Fatalf("SET: %v", err)
		}
		got, err := client.Do(t.Context(), client.B().Get().Key("k").Build()).ToString()
		if seen = err == nil && got == "v"; !seen && (!rueidis.IsRedisNil(err) || life > 10*time.Second) {
			t.Fatalf("GET: %q, %v", got, err)
		}
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if n, err := client.Do(t.Context(), client.B().Exists().Key("k").Build()).AsInt64(); err == nil && n == 0 {
			return
		}
	}
	t.Error("the key is still there after a minute")
}

func TestPrivateServerListensOnASocketOnlyAndExpiresKeys(t *testing.T) {
	r := start(t)
	if !strings.Contains(r.Description, "redis-server") || !strings.HasPrefix(r.CLI, "redis-cli -s /") {
		t.Errorf("description %q, CLI %q", r.Description, r.CLI)
	}
	client := connect(t, r)
	port, err := client.Do(t.Context(), client.B().ConfigGet().Parameter("port").Build()).AsStrMap()
	if err != nil || port["port"] != "0" {
		t.Errorf("the private server listens on port %v (%v)", port, err)
	}
	expiry(t, client)
}

func TestWithoutARedisServerMiniredisTakesItsPlaceAndExpiresKeys(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	r := start(t)
	if !strings.Contains(r.Description, "miniredis") {
		t.Errorf("description %q", r.Description)
	}
	expiry(t, connect(t, r))
}
