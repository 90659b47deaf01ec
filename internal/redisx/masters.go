package redisx

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// ErrSlots says that not all keys can be looked at now.
var ErrSlots = errors.New("the slots of the cluster are not all known, or are moving")

const clusterSlots = 16384

var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// EscapeGlob returns a pattern of SCAN that matches the text itself.
func EscapeGlob(text string) string { return globEscaper.Replace(text) }

// Masters returns the nodes that hold keys, and in a Cluster which slots each has;
// ErrSlots where these are not all of them or one is on the move. Each node has the
// timeout to answer. Whoever looks at all keys asks again at the end: with the same
// layout, no key was on a node while that one was not looked at.
func Masters(ctx context.Context, c rueidis.Client, timeout time.Duration) (nodes []rueidis.Client, layout string, err error) {
	all := c.Nodes()
	if len(all) == 0 {
		return nil, "", ErrSlots
	}
	if c.Mode() != rueidis.ClientModeCluster {
		return slices.Collect(maps.Values(all)), "", nil
	}
	slots := 0
	for _, addr := range slices.Sorted(maps.Keys(all)) {
		ranges, n := slotsOf(ctx, all[addr], timeout)
		if n == 0 {
			continue // a replica, a master without slots, or a node that does not answer
		}
		slots += n
		layout += addr + " " + ranges + "\n"
		nodes = append(nodes, all[addr])
	}
	if slots != clusterSlots || strings.Contains(layout, "[") {
		return nil, "", ErrSlots
	}
	return nodes, layout, nil
}

func slotsOf(ctx context.Context, node rueidis.Client, timeout time.Duration) (ranges string, n int) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	text, err := node.Do(ctx, node.B().ClusterNodes().Build()).ToString()
	if err != nil {
		return "", 0
	}
	return ownSlots(text)
}

// ownSlots takes the slots of the node that answered out of a reply to CLUSTER
// NODES. Those on the move stand in brackets behind the ranges.
func ownSlots(text string) (ranges string, n int) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 8 || !strings.Contains(fields[2], "myself") || !strings.Contains(fields[2], "master") {
			continue
		}
		for _, r := range fields[8:] {
			low, high, ranged := strings.Cut(r, "-")
			if !ranged {
				high = low
			}
			first, err1 := strconv.Atoi(low)
			last, err2 := strconv.Atoi(high)
			if err1 == nil && err2 == nil {
				n += last - first + 1
			}
		}
		return strings.Join(fields[8:], " "), n
	}
	return "", 0
}
