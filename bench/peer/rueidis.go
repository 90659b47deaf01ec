package peer

import (
	"context"
	"encoding/json"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/bench/work"
)

const rueidisModule = "github.com/redis/rueidis"

// rueidisDoCache is what a careful application writes with rueidis alone:
// client-side caching, JSON, and the loader on a miss.
func rueidisDoCache() Peer {
	return Peer{
		ID: "rueidis-docache", Name: "rueidis `DoCache`", Module: rueidisModule,
		Open: func(o Options) (Cache, error) {
			b, err := openByHand(o)
			if err != nil {
				return nil, err
			}
			return &doCache{b}, nil
		},
		Cannot: map[work.Kind]string{
			work.Redis: "`DoCache` is its local tier; without it, it is the next column.",
			work.Many:  "`DoCache` is its local tier; without it, it is the next column.",
		},
	}
}

// rueidisGet is the same without a local tier.
func rueidisGet() Peer {
	return Peer{
		ID: "rueidis-get", Name: "rueidis `GET`", Module: rueidisModule,
		Open: func(o Options) (Cache, error) { return openByHand(o) },
		Cannot: map[work.Kind]string{
			work.Local: "`GET` has no local tier.",
		},
	}
}

// byHand reads through Redis with GET, json.Unmarshal and SET.
type byHand struct {
	keys
	client rueidis.Client
	load   func(context.Context, int64) (work.User, error)
}

func openByHand(o Options) (*byHand, error) {
	client, err := connect(o.Addr)
	if err != nil {
		return nil, err
	}
	return &byHand{keys{o.Prefix}, client, o.Load}, nil
}

func (b *byHand) Get(ctx context.Context, id int64) (work.User, error) {
	key := b.of(id)
	return b.decode(ctx, b.client.Do(ctx, b.client.B().Get().Key(key).Build()), key, id)
}

// decode turns a reply into a user, or loads and stores it.
func (b *byHand) decode(ctx context.Context, reply rueidis.RedisResult, key string, id int64) (work.User, error) {
	raw, err := reply.AsBytes()
	if rueidis.IsRedisNil(err) {
		return b.fill(ctx, key, id)
	}
	var u work.User
	if err == nil {
		err = json.Unmarshal(raw, &u)
	}
	return u, err
}

func (b *byHand) fill(ctx context.Context, key string, id int64) (work.User, error) {
	u, err := b.load(ctx, id)
	if err != nil {
		return work.User{}, err
	}
	set := b.client.B().Set().Key(key).Value(rueidis.BinaryString(u.JSON())).Ex(ttl).Build()
	return u, b.client.Do(ctx, set).Error()
}

func (b *byHand) GetMany(ctx context.Context, ids []int64) ([]work.User, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = b.of(id)
	}
	replies, err := b.client.Do(ctx, b.client.B().Mget().Key(names...).Build()).ToArray()
	if err != nil {
		return nil, err
	}
	users := make([]work.User, len(ids))
	for i := range replies {
		raw, err := replies[i].AsBytes()
		if rueidis.IsRedisNil(err) {
			users[i], err = b.fill(ctx, names[i], ids[i])
		} else if err == nil {
			err = json.Unmarshal(raw, &users[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return users, nil
}

func (b *byHand) Invalidate(ctx context.Context, id int64) error {
	return b.client.Do(ctx, b.client.B().Del().Key(b.of(id)).Build()).Error()
}

func (b *byHand) Close() { b.client.Close() }

// doCache differs from byHand in one call.
type doCache struct{ *byHand }

func (c *doCache) Get(ctx context.Context, id int64) (work.User, error) {
	key := c.of(id)
	return c.decode(ctx, c.client.DoCache(ctx, c.client.B().Get().Key(key).Cache(), ttl), key, id)
}
