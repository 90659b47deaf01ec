package outboxpgx_test

import (
	"context"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// marks is a sink that leaves a mark in Redis for each row.
type marks struct{ client rueidis.Client }

func (m marks) Deliver(ctx context.Context, rows []outbox.Row) []error {
	results := make([]error, len(rows))
	commands := make(rueidis.Commands, len(rows))
	for i, row := range rows {
		commands[i] = m.client.B().Set().Key("mark:" + row.Key).Value("x").Build()
	}
	for i, result := range m.client.DoMulti(ctx, commands...) {
		results[i] = result.Error()
	}
	return results
}

func (m marks) Identity(ctx context.Context) (string, error) {
	return outbox.RedisIdentity(ctx, m.client)
}

// TestARestartOfRedisRepeatsWhatItForgot commits while Redis is there, while it is
// away, and lets it come back empty.
func TestARestartOfRedisRepeatsWhatItForgot(t *testing.T) {
	t.Parallel()
	pool := database(t)
	redis := redistest.Start(t)
	client := redis.Client(t)
	relay, _ := run(t, newSource(t, pool, outboxpgx.Options{}), marks{client}, outbox.Options{})
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', 'before')`)
	await(t, "a row arrives", func() bool { return redis.CLI(t, "GET", "mark:before") == "x" })
	await(t, "and is marked", func() bool { return relay.Stats().Delivered == 1 })
	redis.Kill(t)
	exec(t, pool, `SELECT speedlayer.outbox_invalidate('t', 'meanwhile')`)
	await(t, "the relay notices", func() bool { return relay.Stats().Refused+relay.Stats().Failures > 0 })
	redis.Restart(t)
	for _, key := range []string{"before", "meanwhile"} {
		await(t, key+" arrives in the new Redis", func() bool { return redis.CLI(t, "GET", "mark:"+key) == "x" })
	}
}
