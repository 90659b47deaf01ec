package peer

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/bench/work"
)

// bareWithTTL is the exchange that speedlayer needs for a read, and nothing else:
// the value and its remaining life, not decoded.
func bareWithTTL() Peer {
	return Peer{
		ID: "bare-ttl", Name: "bare `(M)GET`+`PTTL`", Module: rueidisModule, Cannot: onlyRedis,
		Open: func(o Options) (Cache, error) { return openRaw(o, true) },
	}
}

// bare is the cheapest read of Redis there is.
func bare() Peer {
	return Peer{
		ID: "bare", Name: "bare `(M)GET`", Module: rueidisModule, Cannot: onlyRedis,
		Open: func(o Options) (Cache, error) { return openRaw(o, false) },
	}
}

const noCache = "Bare commands: a bound for rows about Redis, no cache."

var onlyRedis = map[work.Kind]string{work.Local: noCache, work.Reload: noCache, work.Stampede: noCache}

// rawReads fetches values and compares their bytes with those it stored.
type rawReads struct {
	keys
	client  rueidis.Client
	withTTL bool
	load    func(context.Context, int64) (work.User, error)

	mu     sync.Mutex
	stored []stored // by id; written while keys are filled, before reads are measured
}

type stored struct {
	raw  string
	user work.User
}

func openRaw(o Options, withTTL bool) (*rawReads, error) {
	client, err := connect(o.Addr)
	if err != nil {
		return nil, err
	}
	return &rawReads{
		keys: keys{o.Prefix}, client: client, withTTL: withTTL, load: o.Load, stored: make([]stored, o.Keys+1),
	}, nil
}

func (r *rawReads) Get(ctx context.Context, id int64) (work.User, error) {
	key := r.of(id)
	get := r.client.B().Get().Key(key).Build()
	var reply rueidis.RedisResult
	if r.withTTL {
		replies := r.client.DoMulti(ctx, get, r.client.B().Pttl().Key(key).Build())
		if err := hasTTL(replies[1]); err != nil {
			return work.User{}, err
		}
		reply = replies[0]
	} else {
		reply = r.client.Do(ctx, get)
	}
	raw, err := reply.ToString()
	if rueidis.IsRedisNil(err) {
		return r.fill(ctx, key, id)
	}
	if err != nil {
		return work.User{}, err
	}
	return r.compare(id, raw)
}

// errNoTTL is returned for a key that lives for ever.
var errNoTTL = errors.New("a key has no TTL")

func hasTTL(pttl rueidis.RedisResult) error {
	ms, err := pttl.AsInt64()
	if err == nil && ms == -1 {
		err = errNoTTL
	}
	return err
}

func (r *rawReads) compare(id int64, raw string) (work.User, error) {
	if s := &r.stored[id]; raw == s.raw {
		return s.user, nil
	}
	return work.User{}, fmt.Errorf("user %d is %s in Redis", id, raw)
}

func (r *rawReads) fill(ctx context.Context, key string, id int64) (work.User, error) {
	u, err := r.load(ctx, id)
	if err != nil {
		return work.User{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stored[id] = stored{string(u.JSON()), u}
	return u, r.client.Do(ctx, r.client.B().Set().Key(key).Value(r.stored[id].raw).Ex(ttl).Build()).Error()
}

func (r *rawReads) GetMany(ctx context.Context, ids []int64) ([]work.User, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = r.of(id)
	}
	cmds := make(rueidis.Commands, 0, 1+len(ids))
	cmds = append(cmds, r.client.B().Mget().Key(names...).Build())
	if r.withTTL {
		for _, name := range names {
			cmds = append(cmds, r.client.B().Pttl().Key(name).Build())
		}
	}
	replies := r.client.DoMulti(ctx, cmds...)
	for _, pttl := range replies[1:] {
		if err := hasTTL(pttl); err != nil {
			return nil, err
		}
	}
	values, err := replies[0].ToArray()
	if err != nil {
		return nil, err
	}
	return r.compareMany(ctx, ids, names, values)
}

func (r *rawReads) compareMany(ctx context.Context, ids []int64, names []string, values []rueidis.RedisMessage) ([]work.User, error) {
	users := make([]work.User, len(ids))
	for i := range values {
		raw, err := values[i].ToString()
		if rueidis.IsRedisNil(err) {
			users[i], err = r.fill(ctx, names[i], ids[i])
		} else if err == nil {
			users[i], err = r.compare(ids[i], raw)
		}
		if err != nil {
			return nil, err
		}
	}
	return users, nil
}

func (r *rawReads) Close() { r.client.Close() }
