package ratelimit_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// Some charges are about keys that Redis keeps from this client. Those beside them in
// the same script are made all the same.
func TestARefusedChargeSparesItsNeighbours(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.CLI(t, "ACL", "SETUSER", "limited", "on", ">secret", "+@all", "~rate:open:*")
	client := server.Client(t, func(o *rueidis.ClientOption) { o.Username, o.Password = "limited", "secret" })
	b := newBedOn(t, client, ratelimit.Options{Prefix: "rate:"})
	rule := func(name string) ratelimit.Rule {
		return ratelimit.Rule{Name: name, Limit: 1000, Window: time.Hour, WithoutRedis: ratelimit.FailClosed}
	}
	var group sync.WaitGroup
	var charged, refused atomic.Int64
	for i := range 64 {
		group.Go(func() {
			for range 10 {
				if i%4 == 0 {
					if _, err := b.Take(t.Context(), fmt.Sprint(i), rule("closed")); err != nil {
						refused.Add(1)
					}
					continue
				}
				res, err := b.Take(t.Context(), fmt.Sprint(i), rule("open"))
				if err != nil || !res.Allowed {
					t.Errorf("a charge that Redis allows: %+v, %v", res, err)
					return
				}
				charged.Add(1)
			}
		})
	}
	group.Wait()
	if charged.Load() != 480 || refused.Load() != 160 {
		t.Errorf("%d charged and %d refused, want 480 and 160", charged.Load(), refused.Load())
	}
}
