package redisx_test

import (
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

func TestMastersAreAllThatHoldKeys(t *testing.T) {
	t.Parallel()
	single := redistest.Shared(t).Client(t)
	if nodes, _, err := redisx.Masters(t.Context(), single, 10*time.Second); err != nil || len(nodes) != 1 {
		t.Errorf("%d nodes, %v; want 1", len(nodes), err)
	}
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	nodes, layout, err := redisx.Masters(t.Context(), client, 10*time.Second)
	if err != nil || len(nodes) != 3 || layout == "" {
		t.Fatalf("%d nodes with layout %q, %v; want 3", len(nodes), layout, err)
	}
	cluster.BeginMove(t, 0, cluster.Nodes()[0], cluster.Nodes()[1])
	if _, _, err := redisx.Masters(t.Context(), client, 10*time.Second); !errors.Is(err, redisx.ErrSlots) {
		t.Errorf("while a slot moves: %v, want ErrSlots", err)
	}
}

func TestEscapedGlobMatchesItself(t *testing.T) {
	t.Parallel()
	c := redistest.Shared(t).Client(t)
	key := redistest.Prefix(t) + `a*b?[c]\d`
	if err := c.Do(t.Context(), c.B().Set().Key(key).Value("x").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	for cursor, found := uint64(0), false; ; {
		e, err := c.Do(t.Context(), c.B().Scan().Cursor(cursor).Match(redisx.EscapeGlob(key)).Count(1000).Build()).AsScanEntry()
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range e.Elements {
			found = found || k == key
		}
		if cursor = e.Cursor; cursor == 0 {
			if !found {
				t.Error("the key does not match its own pattern")
			}
			return
		}
	}
}
