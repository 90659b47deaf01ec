package peer

import (
	"context"
	"fmt"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/bench/work"
	"github.com/speedlayer/speedlayer/cache"
)

// localBytesPerKey is generous: no contestant shall evict in a row about hits.
const localBytesPerKey = 4 << 10

func speedlayer() Peer {
	return Peer{
		ID: "speedlayer", Name: "speedlayer", Module: "github.com/speedlayer/speedlayer",
		Open: func(o Options) (Cache, error) {
			client, err := connect(o.Addr)
			if err != nil {
				return nil, err
			}
			options := cache.Options{TTL: ttl}
			if o.Local {
				options.LocalBytes = int64(o.Keys)*localBytesPerKey + 1<<20
			}
			return &speedlayerCache{client, cache.New(client, o.Prefix, o.Load, options)}, nil
		},
	}
}

type speedlayerCache struct {
	client rueidis.Client
	users  *cache.Cache[int64, work.User]
}

func (c *speedlayerCache) Get(ctx context.Context, id int64) (work.User, error) {
	return c.users.Get(ctx, id)
}

func (c *speedlayerCache) GetMany(ctx context.Context, ids []int64) ([]work.User, error) {
	found, err := c.users.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	users := make([]work.User, len(ids))
	for i, id := range ids {
		u, ok := found[id]
		if !ok {
			return nil, fmt.Errorf("user %d is missing", id)
		}
		users[i] = u
	}
	return users, nil
}

func (c *speedlayerCache) Invalidate(ctx context.Context, id int64) error {
	return c.users.Invalidate(ctx, id)
}

func (c *speedlayerCache) Close() {
	c.users.Close()
	c.client.Close()
}
