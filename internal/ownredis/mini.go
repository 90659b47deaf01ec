package ownredis

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"
)

// startMini starts miniredis inside the process. It cannot push, and its clock stands
// still.
func (h *Homes) startMini(tb testing.TB) *home {
	tb.Helper()
	server := miniredis.RunT(tb)
	return &home{
		mini: true,
		connect: func(tb testing.TB) rueidis.Client {
			tb.Helper()
			client, err := rueidis.NewClient(rueidis.ClientOption{
				InitAddress:       []string{server.Addr()},
				ForceSingleClient: true,
				AlwaysRESP2:       true, // with DisableCache: miniredis knows no CLIENT TRACKING
				DisableCache:      true,
				PipelineMultiplex: -1, // one connection, so that an answer after an outage speaks for all
			})
			if client != nil {
				tb.Cleanup(client.Close) // ForceSingleClient returns a client beside the error
			}
			if err != nil {
				tb.Fatalf("%s: connect to miniredis: %v", h.owner, err)
			}
			return client
		},
		down: func(testing.TB) { server.Close() },
		up: func(tb testing.TB) {
			tb.Helper()
			if err := server.Restart(); err != nil {
				tb.Fatalf("%s: restart miniredis: %v", h.owner, err)
			}
		},
	}
}
