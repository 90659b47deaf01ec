package redisx_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

func TestLazyInFrontOfCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	opt, err := redisx.ParseURL(cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	l := redisx.Open(opt, redisx.LazyOptions{})
	defer l.Close()
	ctx := t.Context()
	early := func() rueidis.Completed { return l.B().Get().Key("k").Build() }
	one, two, three, four := early(), early(), early(), early()
	cached := l.B().Get().Key("k").Cache()
	cachedMulti := l.B().Get().Key("k").Cache()
	eventually(t, "connected", func() bool { return l.TryConnect(ctx) == nil })
	if l.Mode() != rueidis.ClientModeCluster || len(l.Nodes()) != 3 {
		t.Errorf("mode %s with %d nodes", l.Mode(), len(l.Nodes()))
	}
	late := l.B().Get().Key("k").Build()
	stream := l.DoStream(ctx, three)
	for name, err := range map[string]error{
		"Do":           l.Do(ctx, one).Error(),
		"DoMulti":      l.DoMulti(ctx, late, two)[0].Error(),
		"DoStream":     stream.Error(),
		"DoCache":      l.DoCache(ctx, cached, time.Second).Error(),
		"DoMultiCache": l.DoMultiCache(ctx, rueidis.CT(cachedMulti, time.Second))[0].Error(),
		"Receive":      l.Receive(ctx, four, nil),
	} {
		if !errors.Is(err, redisx.ErrNotConnected) {
			t.Errorf("%s of a command built before the connection: %v, want ErrNotConnected", name, err)
		}
	}
	for i := range 20 {
		if err := set(t, l, fmt.Sprintf("k%d", i)); err != nil {
			t.Errorf("SET: %v", err)
		}
	}
}

func TestLazyOneDeadNodeLeavesTheOthers(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	// Otherwise the others refuse all keys as soon as they agree on the death.
	for _, node := range cluster.Nodes() {
		node.CLI(t, "CONFIG", "SET", "cluster-require-full-coverage", "no")
	}
	l := open(t, cluster.URL(), redisx.LazyOptions{PingInterval: 20 * time.Millisecond, Timeout: 5 * time.Second})
	eventually(t, "healthy", l.Healthy)
	cluster.Nodes()[2].Kill(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if !l.Healthy() {
			t.Fatalf("unhealthy because of one dead node: %v", l.Err())
		}
		_ = setWithin(t, l, "foo", 100*time.Millisecond) // slot 12182 is the dead node's: fails, or moves nowhere
		if err := set(t, l, "bar"); err != nil {
			t.Fatalf("SET on a living node (slot 5061): %v", err)
		}
	}
}

func TestScriptFindsItsNodeInCluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3).Client(t)
	script := redisx.NewScript(`redis.call('SET', KEYS[2], ARGV[1]) return redis.call('INCRBY', KEYS[1], ARGV[1])`)
	var multi []rueidis.LuaExec
	for i := range 30 {
		key := fmt.Sprintf("cache:user:%d", i)
		multi = append(multi, rueidis.LuaExec{Keys: []string{key, redisx.Companion(key, "lease")}, Args: []string{fmt.Sprint(i)}})
	}
	for i, r := range script.ExecMulti(t.Context(), c, multi...) {
		if n, err := r.AsInt64(); err != nil || n != int64(i) {
			t.Errorf("result %d = %d, %v", i, n, err)
		}
	}
}
