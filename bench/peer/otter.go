package peer

import (
	"context"

	"github.com/maypok86/otter/v2"

	"github.com/speedlayer/speedlayer/bench/work"
)

// otterAlone is memory with nothing behind it but the source: what a local tier
// could cost if it did not have to follow Redis.
func otterAlone() Peer {
	const alone = "Memory of one process, without Redis."
	return Peer{
		ID: "otter", Name: "otter (memory only)", Module: "github.com/maypok86/otter/v2",
		Open: func(o Options) (Cache, error) {
			memory, err := otter.New(&otter.Options[int64, work.User]{
				MaximumSize:      2*o.Keys + 1000,
				ExpiryCalculator: otter.ExpiryWriting[int64, work.User](ttl),
			})
			if err != nil {
				return nil, err
			}
			return &otterCache{memory, otter.LoaderFunc[int64, work.User](o.Load)}, nil
		},
		Cannot:  map[work.Kind]string{work.Redis: alone, work.Many: alone},
		Remarks: map[string]string{"BenchmarkReload": alone},
	}
}

type otterCache struct {
	memory *otter.Cache[int64, work.User]
	loader otter.Loader[int64, work.User]
}

func (c *otterCache) Get(ctx context.Context, id int64) (work.User, error) {
	return c.memory.Get(ctx, id, c.loader)
}

func (c *otterCache) Invalidate(_ context.Context, id int64) error {
	c.memory.Invalidate(id)
	return nil
}

func (c *otterCache) Close() { c.memory.StopAllGoroutines() }
