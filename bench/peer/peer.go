// Package peer has the contestants: speedlayer, its peers, each used as its own
// documentation shows, and the bare commands that nobody can be faster than.
package peer

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/bench/work"
)

// ttl is longer than any run: what is measured is never an expiry.
const ttl = 10 * time.Minute

// Options say what a contestant stands before and behind.
type Options struct {
	// Addr is the address of Redis.
	Addr string
	// Prefix begins the names of its keys. Caches that share it share their entries.
	Prefix string
	// Load asks the source.
	Load func(ctx context.Context, id int64) (work.User, error)
	// Local wants the tier in memory. Default: only Redis.
	Local bool
	// Keys is how many keys memory must have room for.
	Keys int
}

// Cache is what a contestant can do at least.
type Cache interface {
	// Get returns a user, from wherever it is found first.
	Get(ctx context.Context, id int64) (work.User, error)
	// Close ends connections and goroutines.
	Close()
}

// Many reads many keys with one exchange.
type Many interface {
	// GetMany returns the users in the order of ids, none missing.
	GetMany(ctx context.Context, ids []int64) ([]work.User, error)
}

// Invalidator forgets a key, in Redis as well.
type Invalidator interface {
	Invalidate(ctx context.Context, id int64) error
}

// Peer is a contestant.
type Peer struct {
	// ID names it in the output of benchmarks.
	ID string
	// Name is for the table.
	Name string
	// Module is the module whose version the table shows.
	Module string
	// Open makes a cache with a client of its own.
	Open func(o Options) (Cache, error)
	// Cannot says why a row is not for it.
	Cannot map[work.Kind]string
	// Remarks are about its numbers in single rows, by benchmark.
	Remarks map[string]string
	// Stale says why it may return an old value after an invalidation. Where it is
	// empty, an old value fails the benchmark.
	Stale string
}

// Local reports whether the row of this kind is read from memory where the
// contestant has a local tier at all.
func (p Peer) Local() bool { return p.Cannot[work.Local] == "" }

// All returns the contestants in the order of the table.
func All() []Peer {
	return []Peer{
		speedlayer(), rueidisDoCache(), rueidisGet(), goRedisCache(), sturdycOverRedis(), otterAlone(),
		bareWithTTL(), bare(),
	}
}

// Able returns those who can do a kind of work.
func Able(kind work.Kind) []Peer {
	var able []Peer
	for _, p := range All() {
		if p.Cannot[kind] == "" {
			able = append(able, p)
		}
	}
	return able
}

// connect makes the client of all who use rueidis. One connection carries all
// commands: with several, a read may overtake a write of the same caller, which
// shows as an old value after an invalidation.
func connect(addr string) (rueidis.Client, error) {
	return rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr}, ForceSingleClient: true, PipelineMultiplex: -1,
	})
}

// keys builds names of keys, as an application does for each read that has an id.
type keys struct{ prefix string }

func (k keys) of(id int64) string { return k.prefix + ":" + strconv.FormatInt(id, 10) }
