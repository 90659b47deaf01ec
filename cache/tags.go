package cache

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"strings"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

var (
	//go:embed generations.lua
	generationsSource string

	generationsScript = redisx.NewScript(generationsSource)
)

// # How tags work
//
// Each tag has a generation: a random token in Redis. A load reads the generations
// of its key's tags before it begins, and the fill writes them beside the value, in
// a companion key. A read takes value, companion and the present generations in one
// round trip; where they differ, the entry is as good as absent. To invalidate a tag
// is to delete its generation: no token ever comes back, so everything that was
// loaded before is out at once, however many entries that are.
//
// Which of them is read first does not matter. A read that begins after the
// invalidation returned sees the new generation or none, and what was loaded before
// carries the old one.
//
// A load whose fill was accepted may still be one that a tag's invalidation came
// between. So the generations are read again after the fill was sent, and only if
// they are the same do callers get the value that joined while the load ran.

// InvalidateTags removes all entries from the cache whose keys have one of these
// tags (see Options.Tags), and promises for each of them what Invalidate promises.
// It costs the same whatever their number. Errors are those of Invalidate.
func (c *Cache[K, V]) InvalidateTags(ctx context.Context, tags ...string) error {
	if len(tags) == 0 {
		return nil
	}
	names := make([]string, len(tags))
	for i, tag := range tags {
		names[i] = tagKey(c.prefix, tag)
	}
	return c.invalidate(ctx, names)
}

// tagKey is where the generation of a tag lies. It begins as leases do, so that the
// same connection tells of its changes; all tags of a cache share a Cluster slot.
func tagKey(prefix, tag string) string {
	return "{" + prefix + "}:tag:" + redisx.Escape(tag)
}

// markKey is where the generations lie under which a value was loaded.
func markKey(name string) string { return redisx.Companion(name, "tags") }

// target is what a read is about: the key in Redis and those of its tags.
type target struct {
	name string
	tags []string
}

func (c *Cache[K, V]) target(key K) target {
	t := target{name: c.name(key)}
	if c.o.Tags != nil {
		for _, tag := range c.o.Tags(key) {
			t.tags = append(t.tags, tagKey(c.prefix, tag))
		}
	}
	return t
}

// mark returns the present generations of tags as one string, and makes those that
// are missing.
func (t *tier) mark(ctx context.Context, tags []string) (string, error) {
	if len(tags) == 0 {
		return "", nil
	}
	mark, err := t.run(ctx, generationsScript, tags, []string{rand.Text(), millis(t.tagLife)}).ToString()
	if err != nil {
		return "", fmt.Errorf("read tags: %w", err)
	}
	return mark, nil
}

// joinGenerations makes a mark of generations as the script does. Where one is
// missing, no mark is like it.
func joinGenerations(generations []string) string { return strings.Join(generations, ",") }
