package peer

import (
	"context"
	"time"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/redis/go-redis/v9"

	"github.com/speedlayer/speedlayer/bench/work"
)

// goRedisCache uses go-redis/cache with Once, its read-through call. It stores
// MessagePack, its default and faster than JSON.
func goRedisCache() Peer {
	return Peer{
		ID: "go-redis-cache", Name: "go-redis/cache", Module: "github.com/go-redis/cache/v9",
		Open: func(o Options) (Cache, error) {
			client := redis.NewClient(&redis.Options{Addr: o.Addr})
			options := &rediscache.Options{Redis: client}
			if o.Local {
				// Twice the room, so that its admission policy turns nothing away.
				options.LocalCache = rediscache.NewTinyLFU(2*o.Keys+1000, ttl)
			}
			return &goRedis{keys{o.Prefix}, client, rediscache.New(options), o.Load}, nil
		},
		Cannot: map[work.Kind]string{
			work.Many: "It has no call for many keys.",
		},
		Remarks: map[string]string{
			"BenchmarkRedisHit": "Readers who come at the same moment share one `GET`.",
		},
	}
}

type goRedis struct {
	keys
	client *redis.Client
	cache  *rediscache.Cache
	load   func(context.Context, int64) (work.User, error)
}

func (g *goRedis) Get(ctx context.Context, id int64) (work.User, error) {
	var u work.User
	err := g.cache.Once(&rediscache.Item{
		Ctx: ctx, Key: g.of(id), Value: &u, TTL: ttl + time.Minute, // Redis outlives memory
		Do: func(*rediscache.Item) (any, error) { return g.load(ctx, id) },
	})
	return u, err
}

func (g *goRedis) Invalidate(ctx context.Context, id int64) error {
	return g.cache.Delete(ctx, g.of(id))
}

func (g *goRedis) Close() { _ = g.client.Close() }
