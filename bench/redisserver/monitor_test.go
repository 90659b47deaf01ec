package redisserver

import (
	"testing"

	"github.com/redis/rueidis"
)

// withClient is a server and somebody who uses it.
func withClient(t *testing.T) (*Server, rueidis.Client) {
	t.Helper()
	s, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{s.Addr()}, ForceSingleClient: true, DisableCache: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return s, client
}

func send(t *testing.T, c rueidis.Client, commands ...[]string) {
	t.Helper()
	for _, words := range commands {
		if err := c.Do(t.Context(), c.B().Arbitrary(words...).Build()).Error(); err != nil && !rueidis.IsRedisNil(err) {
			t.Fatalf("%q: %v", words, err)
		}
	}
}

func TestMonitorTellsWritesFromReads(t *testing.T) {
	t.Parallel()
	s, client := withClient(t)
	send(t, client, []string{"SET", "before", "1"})
	m, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	send(
		t, client,
		[]string{"GET", "a"},
		[]string{"set", "a", `redis "] [0 lua] "SET"`},
		[]string{"EVAL", "redis.call('GET', 'a') return redis.call('TIME')", "0"},
		[]string{"EVAL", "redis.call('HSET', 'h', 'a', 1) redis.call('GET', 'a') return redis.call('PEXPIRE', 'h', 1000)", "0"},
		[]string{"EVAL", "return 1", "0"},
	)
	got, err := m.Stop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got.Pings = 0 // rueidis sends them when it likes
	if want := (Received{Commands: 5, Writes: 2}); got != want {
		t.Errorf("received %+v, want %+v", got, want)
	}
	send(t, client, []string{"SET", "after", "1"}) // must not wait for a monitor
}

func TestCommandsCountThoseOfScripts(t *testing.T) {
	t.Parallel()
	s, client := withClient(t)
	send(
		t, client,
		[]string{"GET", "a"},
		[]string{"EVAL", "redis.call('GET', 'a') return redis.call('GET', 'b')", "0"},
	)
	counts, err := s.Commands(t.Context())
	if err != nil || counts["get"] != 3 || counts["eval"] != 1 || counts["set"] != 0 {
		t.Errorf("%v, %v", counts, err)
	}
}

func TestMemoryIsThatOfAllKeys(t *testing.T) {
	t.Parallel()
	s, client := withClient(t)
	used, err := s.UsedMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	long := make([]byte, 1<<20)
	send(t, client, []string{"SET", "a", string(long)}, []string{"SET", "b", "1"})
	bytes, keys, err := s.KeyMemory(t.Context())
	if err != nil || keys != 2 || bytes < 1<<20 || bytes > 3<<20 {
		t.Errorf("%d keys of %d bytes (%v)", keys, bytes, err)
	}
	if after, err := s.UsedMemory(t.Context()); err != nil || after-used < 1<<20 {
		t.Errorf("used memory grew by %d bytes (%v)", after-used, err)
	}
	if n, err := s.Connections(t.Context()); err != nil || n < 2 {
		t.Errorf("%d connections (%v), want the server's own and the client's", n, err)
	}
}
