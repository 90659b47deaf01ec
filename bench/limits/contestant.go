package limits

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

// Rule admits Limit charges per Window for each subject: in whatever sense the
// contestant has, with the whole limit at once where it knows bursts.
type Rule struct {
	Name   string
	Limit  int64
	Window time.Duration
}

// Long is a window in which nothing ends or drains that matters while it is measured.
const Long = 366 * 24 * time.Hour

// Decision is what a contestant says of a request.
type Decision struct {
	Allowed bool
	// Remaining is what the tightest rule would still admit.
	Remaining int64
}

// Limiter charges under the rules that it was opened with.
type Limiter interface {
	// Take charges the subject under all rules: in one call where the contestant can do
	// so, else under one after the other until one refuses.
	Take(ctx context.Context, subject string, cost int64) (Decision, error)
	// Close ends connections and goroutines.
	Close()
}

// Contestant is one way to limit.
type Contestant struct {
	// ID names it in the output of benchmarks, Name in tables.
	ID, Name string
	Open     func(ctx context.Context, redis string, rules ...Rule) (Limiter, error)
	// Remembers says that a denial is answered without Redis.
	Remembers bool
	// Drains says that charges leave one by one and not all at the end of a window.
	Drains bool
	// Bare says that it counts and refuses nothing.
	Bare bool
}

// All returns the contestants in the order of the table.
func All() []Contestant {
	return []Contestant{
		speedlayerFixed(), speedlayerSliding(), speedlayerGCRA(), redisRate(), throttledGCRA(), ululeFixed(), bareINCR(),
	}
}

// Able returns those who can do a kind of work.
func Able(k Kind) []Contestant {
	var able []Contestant
	for _, c := range All() {
		if c.Cannot(k) == "" {
			able = append(able, c)
		}
	}
	return able
}

// Cannot says why a kind of work is not for the contestant; empty: it is.
func (c Contestant) Cannot(k Kind) string {
	if c.Bare && k != Admit {
		return "A bound for admitted requests under one rule; it refuses nothing."
	}
	return ""
}

// connections is how many those have who need one for each command under way: as many
// as the benchmarks have goroutines.
const connections = 64

// openRueidis is the client of all who use rueidis.
func openRueidis(addr string) (rueidis.Client, error) {
	return rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr}, ForceSingleClient: true, PipelineMultiplex: -1, DisableCache: true,
	})
}

func openGoRedis(ctx context.Context, addr string) (*redis.Client, error) {
	client := redis.NewClient(&redis.Options{Addr: addr, PoolSize: connections})
	if err := client.Ping(ctx).Err(); err != nil {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

// oneByOne charges under each of n rules in turn until one refuses, for those who
// charge one rule a call.
func oneByOne(n int, take func(rule int) (Decision, error)) (Decision, error) {
	var tightest Decision
	for i := range n {
		d, err := take(i)
		if err != nil || !d.Allowed {
			return d, err
		}
		if i == 0 || d.Remaining < tightest.Remaining {
			tightest = d
		}
	}
	return tightest, nil
}
