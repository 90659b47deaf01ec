package nearcache

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
)

const clusterSlots = 16384

var errTopology = errors.New("nearcache: the answer about the cluster is not understood")

// view is what one node of a Cluster says about it.
type view struct {
	epoch    uint64 // cluster_current_epoch: the highest that the node has heard of
	ok       bool   // cluster_state
	assigned int    // how many slots have an owner
	nodes    map[string]*node
	me       *node          // the node that said it
	targets  map[string]int // where slots of me are being moved to: ids, one slot each
}

// node is a line of CLUSTER NODES. Nodes still shaking hands are left out: they have
// no id yet.
type node struct {
	id     string
	addrs  []string // as a client may know it: by address, by host name
	master bool
	failed bool // the majority says so
	epoch  uint64
	slot   int // one of those that it owns, or -1
}

// parseView reads the answers to CLUSTER INFO and CLUSTER NODES.
func parseView(info, nodes string) (*view, error) {
	v := &view{nodes: map[string]*node{}, targets: map[string]int{}}
	if err := v.readInfo(info); err != nil {
		return nil, err
	}
	for line := range strings.Lines(nodes) {
		if err := v.readNode(strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("%w: %q", err, line)
		}
	}
	if v.me == nil {
		return nil, fmt.Errorf("%w: nobody is myself", errTopology)
	}
	return v, nil
}

func (v *view) readInfo(info string) error {
	epochErr, assignedErr := errTopology, errTopology
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "cluster_state":
			v.ok = value == "ok"
		case "cluster_current_epoch":
			v.epoch, epochErr = strconv.ParseUint(value, 10, 64)
		case "cluster_slots_assigned":
			v.assigned, assignedErr = strconv.Atoi(value)
		}
	}
	return errors.Join(epochErr, assignedErr)
}

// readNode takes a line: id, address, flags, master, ping, pong, epoch, link, slots.
func (v *view) readNode(fields []string) error {
	if len(fields) < 8 {
		return errTopology
	}
	flags := strings.Split(fields[2], ",")
	if slices.Contains(flags, "handshake") {
		return nil
	}
	epoch, err := strconv.ParseUint(fields[6], 10, 64)
	if err != nil {
		return errors.Join(errTopology, err)
	}
	n := &node{
		id: fields[0], epoch: epoch, slot: -1,
		master: slices.Contains(flags, "master"), failed: slices.Contains(flags, "fail"),
	}
	if !slices.Contains(flags, "noaddr") {
		n.addrs = addresses(fields[1])
	}
	if slices.Contains(flags, "myself") {
		v.me = n
	}
	v.nodes[n.id] = n
	for _, field := range fields[8:] {
		if err := v.readSlots(n, field); err != nil {
			return err
		}
	}
	return nil
}

// readSlots takes 7, 7-9, or of a slot on its way [7->-id] and [7-<-id].
func (v *view) readSlots(n *node, field string) error {
	moving, isMoving := strings.CutPrefix(field, "[")
	slot, target, leaves := strings.Cut(strings.TrimSuffix(moving, "]"), "->-")
	if isMoving && !leaves {
		return nil // it arrives: its owner says so too, before anybody is sent here
	}
	if !isMoving {
		slot, _, _ = strings.Cut(field, "-")
	}
	i, err := strconv.Atoi(slot)
	if err != nil || i < 0 || i >= clusterSlots {
		return errTopology
	}
	if isMoving {
		v.targets[target] = i
	} else {
		n.slot = i
	}
	return nil
}

// addresses of ip:port@busport[,hostname[,name=value]...].
func addresses(field string) []string {
	endpoint, rest, _ := strings.Cut(field, "@")
	colon := strings.LastIndexByte(endpoint, ':')
	if colon < 0 {
		return nil
	}
	port := endpoint[colon+1:]
	_, names, _ := strings.Cut(rest, ",")
	name, _, _ := strings.Cut(names, ",")
	var all []string
	for _, host := range []string{endpoint[:colon], name} {
		if host != "" {
			all = append(all, net.JoinHostPort(host, port))
		}
	}
	return all
}

// owners are the ids of the nodes that own slots, sorted.
func (v *view) owners() []string {
	var ids []string
	for id, n := range v.nodes {
		if n.slot >= 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// writers are the nodes that may execute writes, with a slot that leads to each.
func (v *view) writers() map[string]int {
	w := maps.Clone(v.targets)
	for id, n := range v.nodes {
		if n.slot >= 0 {
			w[id] = n.slot
		}
	}
	return w
}

// settled reports whether the current epoch is that of a master that won or took it.
// Otherwise an election in this epoch may be under way.
func (v *view) settled() bool {
	for _, n := range v.nodes {
		if n.master && n.epoch == v.epoch {
			return true
		}
	}
	return false
}

// find returns the node with this address, or nil.
func (v *view) find(addr string) *node {
	for _, n := range v.nodes {
		if slices.Contains(n.addrs, addr) {
			return n
		}
	}
	return nil
}
