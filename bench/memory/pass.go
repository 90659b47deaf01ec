package memory

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/bench/work"
	"github.com/speedlayer/speedlayer/cache"
)

// RedisArgs bound the memory of the Redis behind the cache: it forgets what was not
// used for long, the local tier hears of it.
func RedisArgs() []string {
	return []string{"--maxmemory", "128mb", "--maxmemory-policy", "allkeys-lru"}
}

// Config is one passage.
type Config struct {
	// Addr is the address of Redis.
	Addr string
	// LocalBytes is the bound.
	LocalBytes int64
	// Stages are the numbers of keys after which the process is looked at, rising.
	Stages []int
	// Progress is told each stage.
	Progress func(format string, args ...any)
}

// Stage is what was seen after so many distinct keys.
type Stage struct {
	Keys    int
	Highest int64 // accounted bytes of the local tier, at most so far
	Local   int64 // accounted bytes now
	Entries int
	Evicted uint64
	Heap    uint64 // bytes that live after a collection
	RSS     int64  // of the process; 0 where the system does not tell
}

var (
	// ErrBound is returned as soon as the local tier holds more than it may.
	ErrBound = errors.New("memory: the local tier is larger than its bound")
	// ErrWrong is returned for a wrong value.
	ErrWrong = errors.New("memory: wrong value")
)

const (
	batch   = 500
	workers = 4
	ttl     = 10 * time.Minute
	prefix  = "memory:user"
)

// passage is the state of Run.
type passage struct {
	client  rueidis.Client
	users   *cache.Cache[int64, work.User]
	source  work.Source
	bound   int64
	highest atomic.Int64
}

// Run lets the keys pass and returns what was seen after each stage.
func Run(ctx context.Context, c Config) ([]Stage, error) {
	p, err := open(c)
	if err != nil {
		return nil, err
	}
	defer p.close()
	return p.run(ctx, c)
}

func open(c Config) (*passage, error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{c.Addr}, ForceSingleClient: true, PipelineMultiplex: -1, DisableCache: true,
	})
	if err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	p := &passage{client: client, bound: c.LocalBytes}
	p.users = cache.New(client, prefix, p.source.Load, cache.Options{TTL: ttl, LocalBytes: c.LocalBytes})
	return p, nil
}

func (p *passage) close() {
	p.users.Close()
	p.client.Close()
}

func (p *passage) run(ctx context.Context, c Config) ([]Stage, error) {
	if err := p.awaitLocal(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { p.watch(ctx, cancel) })
	defer watching.Wait()
	defer cancel(nil)
	var stages []Stage
	done := 0
	for _, keys := range c.Stages {
		if err := p.pass(ctx, cancel, done, keys); err != nil {
			return stages, err
		}
		done = keys
		s := p.look(keys)
		c.Progress("%d keys: local tier %d bytes (at most %d) in %d entries, live heap %d bytes, RSS %d bytes",
			keys, s.Local, s.Highest, s.Entries, s.Heap, s.RSS)
		stages = append(stages, s)
	}
	return stages, nil
}

// awaitLocal returns when the local tier follows Redis.
func (p *passage) awaitLocal(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !p.users.Stats().LocalReady {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("memory: the local tier does not get ready: %w", ctx.Err())
		}
	}
	return nil
}

// watch looks at the bound every millisecond, whatever the others do.
func (p *passage) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if err := p.checkBound(); err != nil {
			cancel(err)
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (p *passage) checkBound() error {
	now := p.users.Stats().LocalBytes
	for {
		highest := p.highest.Load()
		if now <= highest || p.highest.CompareAndSwap(highest, now) {
			break
		}
	}
	if now > p.bound {
		return fmt.Errorf("%w: %d bytes, bound %d", ErrBound, now, p.bound)
	}
	return nil
}

// pass lets the ids after from, up to to, pass in batches.
func (p *passage) pass(ctx context.Context, cancel context.CancelCauseFunc, from, to int) error {
	var next atomic.Int64
	next.Store(int64(from))
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for ctx.Err() == nil {
				first := next.Add(batch) - batch
				if first >= int64(to) {
					return
				}
				ids := make([]int64, min(batch, int64(to)-first))
				for i := range ids {
					ids[i] = first + int64(i) + 1
				}
				if err := p.batch(ctx, ids, first/batch%10 == 0); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// batch brings keys into Redis, every tenth batch through the loader, and reads them
// from there, which brings them into memory.
func (p *passage) batch(ctx context.Context, ids []int64, load bool) error {
	if load {
		if err := p.users.Warm(ctx, ids...); err != nil {
			return err
		}
	} else if err := p.write(ctx, ids); err != nil {
		return err
	}
	users, err := p.users.GetMany(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if users[id] != p.source.Want(id) {
			return fmt.Errorf("%w: user %d is %+v", ErrWrong, id, users[id])
		}
	}
	return p.checkBound()
}

func (p *passage) write(ctx context.Context, ids []int64) error {
	cmds := make(rueidis.Commands, len(ids))
	for i, id := range ids {
		value := rueidis.BinaryString(p.source.Want(id).JSON())
		cmds[i] = p.client.B().Set().Key(p.users.Key(id)).Value(value).Ex(ttl).Build()
	}
	for _, reply := range p.client.DoMulti(ctx, cmds...) {
		if err := reply.Error(); err != nil {
			return fmt.Errorf("memory: %w", err)
		}
	}
	return nil
}

func (p *passage) look(keys int) Stage {
	rss := residentBytes() // first: a collection changes it
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	stats := p.users.Stats()
	return Stage{
		Keys: keys, Highest: p.highest.Load(), Local: stats.LocalBytes, Entries: stats.LocalEntries,
		Evicted: stats.LocalEvictions, Heap: m.HeapAlloc, RSS: rss,
	}
}
