package outbox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/outbox"
)

// printer is a sink. One of an application calls its caches and queues here.
type printer struct {
	client rueidis.Client
	stop   func()
}

func (p printer) Deliver(_ context.Context, rows []outbox.Row) []error {
	results := make([]error, len(rows))
	for i, row := range rows {
		switch row.Kind {
		case outbox.KindInvalidate:
			fmt.Println("drop", row.Target+":"+row.Key)
		default:
			results[i] = fmt.Errorf("%w: %s", outbox.ErrRefused, row.Kind)
		}
	}
	p.stop()
	return results
}

func (p printer) Identity(ctx context.Context) (string, error) {
	return outbox.RedisIdentity(ctx, p.client)
}

func ExampleRelay() {
	client := exampleRedis()
	defer client.Close()
	table := newMemorySource(42) // in an application outboxpgx.NewSource

	ctx, stop := context.WithCancel(context.Background())
	relay := outbox.NewRelay(table, printer{client, stop}, outbox.Options{
		OnError: func(err error) { fmt.Println(err) },
	})
	if err := relay.Run(ctx); err != nil {
		fmt.Println(err)
	}
	// Output: drop cache:user:42
}

func ExampleRelay_Stats() {
	ctx, stop := context.WithCancel(context.Background())
	relay := outbox.NewRelay(newMemorySource(1, 2, 3), sinkFunc(confirmAll), outbox.Options{
		OnDelivered: func(row outbox.Row, latency time.Duration) {
			fmt.Println(row.Key, latency < time.Minute)
			if row.ID == 3 {
				stop()
			}
		},
	})
	_ = relay.Run(ctx)
	fmt.Println(relay.Stats().Delivered, "delivered")
	// Output:
	// 1 true
	// 2 true
	// 3 true
	// 3 delivered
}

func ExampleRelay_Wake() {
	ctx, stop := context.WithCancel(context.Background())
	table := newMemorySource()
	relay := outbox.NewRelay(table, sinkFunc(confirmAll), outbox.Options{
		PollInterval: time.Hour,
		OnDelivered: func(row outbox.Row, _ time.Duration) {
			fmt.Println(row.Key)
			stop()
		},
	})
	go func() {
		table.add(7) // committed by this process, which need not wait to be told
		relay.Wake()
	}()
	_ = relay.Run(ctx)
	// Output: 7
}

func ExampleRedisIdentity() {
	client := exampleRedis()
	defer client.Close()
	before, err := outbox.RedisIdentity(context.Background(), client)
	if err != nil {
		fmt.Println(err)
		return
	}
	now, err := outbox.RedisIdentity(context.Background(), client)
	fmt.Println("Redis may have lost data:", now != before, err)
	// Output: Redis may have lost data: false <nil>
}

// exampleRedis is a client of a Redis in this process, which does not know INFO
// by itself.
func exampleRedis() rueidis.Client {
	redis, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	redis.Server().SetPreHook(func(c *server.Peer, cmd string, _ ...string) bool {
		if cmd == "INFO" {
			c.WriteBulk("run_id:4a1f\r\nrole:master\r\nmaster_replid:90c2\r\n")
		}
		return cmd == "INFO"
	})
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{redis.Addr()}, AlwaysRESP2: true, DisableCache: true, ForceSingleClient: true,
	})
	if err != nil {
		panic(err)
	}
	return exampleClient{client, redis}
}

type exampleClient struct {
	rueidis.Client

	redis *miniredis.Miniredis
}

func (c exampleClient) Close() {
	c.Client.Close()
	c.redis.Close()
}
