package peer

import (
	"context"

	"github.com/redis/rueidis"
	"github.com/viccon/sturdyc"

	"github.com/speedlayer/speedlayer/bench/work"
)

// sturdycOverRedis uses sturdyc with Redis as its distributed storage.
func sturdycOverRedis() Peer {
	const always = "Its memory cannot be turned off."
	return Peer{
		ID: "sturdyc", Name: "sturdyc", Module: "github.com/viccon/sturdyc",
		Open: func(o Options) (Cache, error) {
			client, err := connect(o.Addr)
			if err != nil {
				return nil, err
			}
			storage := &sturdycStorage{client}
			// Many shards, so that cores do not wait for each other; no eviction.
			memory := sturdyc.New[work.User](4*o.Keys+10_000, 64, ttl, 10,
				sturdyc.WithDistributedStorage(storage))
			return &sturdycCache{keys{o.Prefix}, client, memory, o.Load}, nil
		},
		Cannot: map[work.Kind]string{work.Redis: always, work.Many: always},
		Stale:  "sturdyc writes to Redis in the background, so an old value may arrive after the deletion.",
	}
}

type sturdycCache struct {
	keys
	client rueidis.Client
	memory *sturdyc.Client[work.User]
	load   func(context.Context, int64) (work.User, error)
}

func (c *sturdycCache) Get(ctx context.Context, id int64) (work.User, error) {
	return c.memory.GetOrFetch(ctx, c.of(id), func(ctx context.Context) (work.User, error) {
		return c.load(ctx, id)
	})
}

func (c *sturdycCache) Invalidate(ctx context.Context, id int64) error {
	key := c.of(id)
	err := c.client.Do(ctx, c.client.B().Del().Key(key).Build()).Error()
	c.memory.Delete(key)
	return err
}

func (c *sturdycCache) Close() { c.client.Close() }

// sturdycStorage is sturdyc.DistributedStorage on rueidis.
type sturdycStorage struct{ client rueidis.Client }

func (s *sturdycStorage) Get(ctx context.Context, key string) ([]byte, bool) {
	raw, err := s.client.Do(ctx, s.client.B().Get().Key(key).Build()).AsBytes()
	return raw, err == nil
}

func (s *sturdycStorage) Set(ctx context.Context, key string, value []byte) {
	// The interface has no error: a value that is not stored is a later miss.
	_ = s.client.Do(ctx, s.client.B().Set().Key(key).Value(rueidis.BinaryString(value)).Ex(ttl).Build()).Error()
}

func (s *sturdycStorage) GetBatch(ctx context.Context, names []string) map[string][]byte {
	found := make(map[string][]byte, len(names))
	for _, name := range names {
		if raw, ok := s.Get(ctx, name); ok {
			found[name] = raw
		}
	}
	return found
}

func (s *sturdycStorage) SetBatch(ctx context.Context, records map[string][]byte) {
	for name, value := range records {
		s.Set(ctx, name, value)
	}
}
