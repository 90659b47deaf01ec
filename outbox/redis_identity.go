package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// RedisIdentity names the data that Redis holds: the run and replication ids of all
// masters that can be reached, as a [Sink] returns them. It is an error if there is
// none. It works for single servers, Sentinel and Cluster.
//
// It changes when a server starts again, with its data or without, when a replica
// takes over, and also when a master cannot be reached, or can again. A change
// means that data may be lost, not that it is. What it does not show is FLUSHALL:
// the same server goes on without its data. For cached values that is no harm, for
// an empty cache is never stale; tasks in a queue that is flushed are lost unless
// they are durable.
func RedisIdentity(ctx context.Context, client rueidis.Client) (string, error) {
	nodes := client.Nodes()
	if deadline, ok := ctx.Deadline(); ok {
		// One dead node must not use up the time for the answer.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)*3/4)
		defer cancel()
	}
	var (
		mu      sync.Mutex
		masters []string
		failed  error
		asked   sync.WaitGroup
	)
	for addr, node := range nodes {
		asked.Go(func() {
			id, err := nodeIdentity(ctx, node)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				failed = fmt.Errorf("%s: %w", addr, err)
			case id != "":
				masters = append(masters, id)
			}
		})
	}
	asked.Wait()
	if len(masters) == 0 {
		if failed == nil {
			failed = errors.New("no node is a master")
		}
		return "", fmt.Errorf("outbox: identity of Redis: %w", failed)
	}
	slices.Sort(masters)
	return strings.Join(slices.Compact(masters), " "), nil
}

// nodeIdentity returns an empty string for a replica.
func nodeIdentity(ctx context.Context, node rueidis.Client) (string, error) {
	fields := map[string]string{}
	for _, result := range node.DoMulti(ctx,
		node.B().Info().Section("server").Build(),
		node.B().Info().Section("replication").Build(),
	) {
		text, err := result.ToString()
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(text) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
				fields[name] = value
			}
		}
	}
	if fields["role"] == "slave" {
		return "", nil
	}
	if fields["run_id"] == "" {
		return "", errors.New("INFO shows no run_id")
	}
	return fields["run_id"] + "/" + fields["master_replid"], nil
}
