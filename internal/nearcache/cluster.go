package nearcache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

var (
	errChanged   = errors.New("nearcache: the cluster changed")
	errUnwell    = errors.New("nearcache: the cluster is not well")
	errDisagree  = errors.New("nearcache: the masters do not agree yet")
	errElection  = errors.New("nearcache: an election may be under way")
	errUnknown   = errors.New("nearcache: the client does not know a master yet")
	errStaleRead = errors.New("nearcache: the client may read from a former master")
)

// agreed is what all masters said when the lanes were made.
type agreed struct {
	epoch  uint64
	owners []string
}

// openCluster makes a lane for each node that may execute writes: the owners of
// slots, and those that a slot is being moved to. The heartbeats that follow compare
// with what the first ones found: see the package's documentation for why that is
// enough.
func (g *lanes) openCluster() error {
	g.ask = g.askCluster
	seen, err := g.look()
	if err != nil {
		return err
	}
	// One node's word is a hint only. What counts is said by the lanes themselves.
	views := []*view{seen}
	for {
		missing := g.missing(views)
		if len(missing) == 0 {
			break
		}
		clients, err := g.clients(views, missing)
		if err != nil {
			return err
		}
		if err := g.open(clients); err != nil {
			return err
		}
		views = views[:0]
		for _, l := range g.all {
			views = append(views, l.view)
		}
	}
	if len(g.all) == 0 {
		return errUnwell
	}
	return g.agree(views)
}

// agree makes what the lanes said the measure of what they say later.
func (g *lanes) agree(views []*view) error {
	a := &agreed{epoch: views[0].epoch, owners: views[0].owners()}
	for _, v := range views[1:] {
		if v.epoch != a.epoch || !slices.Equal(v.owners(), a.owners) {
			return errDisagree
		}
	}
	if !slices.ContainsFunc(views, (*view).settled) {
		if err := g.awaitElection(a.epoch); err != nil {
			return err
		}
	}
	if err := g.checkRoutes(views); err != nil {
		return err
	}
	g.agreed = a
	return nil
}

// askCluster is the heartbeat in a Cluster.
func (g *lanes) askCluster(ctx context.Context, l *lane) error {
	v, err := observe(ctx, l.conn)
	if err != nil {
		return err
	}
	switch {
	case v.me.id != l.id:
		return fmt.Errorf("%w: another node answers", errChanged)
	case !v.me.master:
		return errReplica
	case !v.ok || v.assigned != clusterSlots:
		return errUnwell // a slot without an owner may be taken without a vote
	}
	for _, n := range v.nodes {
		if n.slot >= 0 && n.failed {
			return fmt.Errorf("%w: a master failed", errUnwell)
		}
	}
	if g.agreed == nil {
		l.view = v
		return nil
	}
	if v.epoch != g.agreed.epoch || !slices.Equal(v.owners(), g.agreed.owners) || len(g.missing([]*view{v})) > 0 {
		return errChanged
	}
	return nil
}

// missing are the nodes that may execute writes and have no lane, with a slot each.
func (g *lanes) missing(views []*view) map[string]int {
	missing := map[string]int{}
	for _, v := range views {
		for id, slot := range v.writers() {
			if !g.has(id) {
				missing[id] = slot
			}
		}
	}
	return missing
}

func (g *lanes) has(id string) bool {
	return slices.ContainsFunc(g.all, func(l *lane) bool { return l.id == id })
}

// clients finds the client's own clients of these nodes. Where one is behind another
// address than it believes, it is asked who it is.
func (g *lanes) clients(views []*view, ids map[string]int) (map[string]rueidis.Client, error) {
	found := map[string]rueidis.Client{}
	for addr, client := range g.tracker.client.Nodes() {
		n := find(views, addr)
		if n == nil {
			v, err := g.observe(client)
			if err != nil {
				continue
			}
			n = v.me
		}
		if _, wanted := ids[n.id]; wanted {
			found[n.id] = client
		}
	}
	for id, slot := range ids {
		if found[id] == nil {
			g.introduce(slot)
			return nil, fmt.Errorf("%w: %s", errUnknown, id)
		}
	}
	return found, nil
}

// introduce makes the client learn who has a slot: it asks for a key there, and is
// sent on.
func (g *lanes) introduce(slot int) {
	c := g.tracker.client
	const tries = 20 * clusterSlots // a prefix with a hash tag may never get there
	for i := range tries {
		cmd := c.B().Exists().Key(g.tracker.o.Prefixes[0] + strconv.Itoa(i)).Build()
		if int(cmd.Slot()) != slot {
			continue
		}
		ctx, cancel := context.WithTimeout(g.ctx, g.tracker.o.MaxStaleness)
		defer cancel()
		_ = c.Do(ctx, cmd)
		return
	}
}

// checkRoutes makes sure that the client reads from nodes with a lane only. A master
// that was frozen, and replaced meanwhile, answers with old values for a moment when
// it wakes up; they would be stored as new. Replicas send readers away. Asking makes
// the client find out that a node is gone.
func (g *lanes) checkRoutes(views []*view) error {
	for addr, client := range g.tracker.client.Nodes() {
		n := find(views, addr)
		if n == nil || n.master && !g.has(n.id) {
			v, err := g.observe(client)
			if err != nil {
				return errors.Join(errStaleRead, err)
			}
			n = v.me
		}
		if n.master && n.slot >= 0 && !g.has(n.id) {
			return fmt.Errorf("%w: %s", errStaleRead, n.id)
		}
	}
	return nil
}

// awaitElection makes sure that no election is under way whose votes were given
// already: nothing would show when it is won. Its candidate gives up after twice the
// node timeout.
func (g *lanes) awaitElection(epoch uint64) error {
	t := g.tracker
	if t.unsettled == nil || t.unsettled.epoch != epoch {
		t.unsettled = &unsettled{epoch: epoch, since: t.Now()}
	}
	if time.Duration(t.Now()-t.unsettled.since) < 2*g.nodeTimeout() {
		return errElection
	}
	return nil
}

// unsettled is an epoch in which nobody was elected yet.
type unsettled struct {
	epoch uint64
	since int64 // when all lanes had seen it
}

// nodeTimeout is cluster-node-timeout, or its default where asking is not allowed.
func (g *lanes) nodeTimeout() time.Duration {
	const byDefault, least = 15 * time.Second, time.Second
	ctx, cancel := context.WithTimeout(g.ctx, g.tracker.o.MaxStaleness)
	defer cancel()
	c := g.all[0].conn
	config, err := c.Do(ctx, c.B().ConfigGet().Parameter("cluster-node-timeout").Build()).AsStrMap()
	if err != nil {
		return byDefault
	}
	ms, err := strconv.Atoi(config["cluster-node-timeout"])
	if err != nil {
		return byDefault
	}
	return max(time.Duration(ms)*time.Millisecond, least)
}

// look asks one node after the other, until one answers.
func (g *lanes) look() (*view, error) {
	err := errUnwell
	for _, client := range g.tracker.client.Nodes() {
		var v *view
		if v, err = g.observe(client); err == nil || g.ctx.Err() != nil {
			return v, err
		}
	}
	return nil, err
}

func (g *lanes) observe(c rueidis.CoreClient) (*view, error) {
	ctx, cancel := context.WithTimeout(g.ctx, g.tracker.o.MaxStaleness)
	defer cancel()
	return observe(ctx, c)
}

// observe asks one node about the cluster.
func observe(ctx context.Context, c rueidis.CoreClient) (*view, error) {
	var text [2]string
	for i, reply := range c.DoMulti(ctx, c.B().ClusterInfo().Build(), c.B().ClusterNodes().Build()) {
		s, err := reply.ToString()
		if err != nil {
			return nil, err
		}
		text[i] = strings.TrimPrefix(s, "txt:") // the format of a verbatim string
	}
	return parseView(text[0], text[1])
}

func find(views []*view, addr string) *node {
	for _, v := range views {
		if n := v.find(addr); n != nil {
			return n
		}
	}
	return nil
}
