package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// All keys lie in one slot, which moves from master to master while sessions are made,
// looked up, touched, rotated and ended. Keys go one by one, so that a session and its
// epoch are on different nodes for a while, and what is new is on the next one at once.
func TestSessionsWhileTheirSlotMoves(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	tm := newTeam(t, cluster, session.Options{
		Prefix: "{" + redistest.Prefix(t) + "}:", MaxStaleness: time.Second, RedisTimeout: 5 * time.Second, TouchInterval: -1,
	})
	token, s := tm.maker.login(t, "stays")
	stays := newClaim(token, s)
	tm.heat(t, stays)
	end := tm.watch(t, stays)
	traffic := startTraffic(t, tm)
	slot := slotOf(tm.maker.client, tm.maker.prefix)
	nodes, at := cluster.Nodes(), tm.masterOf(tm.maker.prefix)
	moves := 4
	if long() {
		moves = 60
	}
	hits := tm.hits()
	for range moves {
		from, to := nodes[at], nodes[(at+1)%len(nodes)]
		at = (at + 1) % len(nodes)
		cluster.BeginMove(t, slot, from, to)
		for range 12 {
			cluster.MoveKeys(t, slot, 1, from, to)
			traffic.awaitLives(t, 2)
		}
		tm.awaitTries(t, stays)
		cluster.FinishMove(t, slot, from, to)
		traffic.awaitLives(t, 20)
	}
	traffic.end()
	end()
	tm.heat(t, stays)
	tm.maker.checkKeys(t)
	t.Logf("%d moves, %d sessions lived and ended, %d lookups answered from memory, %d calls refused with ErrUnavailable",
		moves, traffic.lives.Load(), tm.hits()-hits, traffic.refused.Load())
}

// Redis refuses the rest of a script that has made its key disappear while the slot
// moves to another node: what a script deletes and writes again would be lost.
func TestEveryMethodWorksInASlotThatMoves(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	b := newBedOn(t, cluster.Client(t), session.Options{Prefix: "{" + redistest.Prefix(t) + "}:"})
	nodes, at := cluster.Nodes(), 0
	b.login(t, "2")
	for ; nodes[at].CLI(t, "DBSIZE") == "0"; at++ { // to the master that has the slot
	}
	slot := slotOf(b.client, b.prefix)
	for name := range operations(b, "", nil) {
		if name == "everyone" { // it must not look at a slot that moves
			continue
		}
		token, s := b.login(t, "1")
		// All names in the user's index are those of sessions that have ended.
		b.do(t, "DEL", b.prefix+"of:1")
		b.do(t, "ZADD", b.prefix+"of:1", "1", strings.Repeat("0", 64))
		from, to := nodes[at], nodes[(at+1)%3]
		at = (at + 1) % 3
		cluster.BeginMove(t, slot, from, to) // what is new is written at the next master
		if err := operations(b, token, s)[name](t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		cluster.FinishMove(t, slot, from, to)
	}
}

// traffic is users who log in and out all the time.
type traffic struct {
	tm             *team
	lives, refused atomic.Int64
	end            func()
}

func startTraffic(t *testing.T, tm *team) *traffic {
	t.Helper()
	tr := &traffic{tm: tm}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				tr.life(t, fmt.Sprint("traffic", i), n)
				tr.lives.Add(1)
			}
		})
	}
	tr.end = sync.OnceFunc(func() {
		cancel()
		all.Wait()
	})
	t.Cleanup(tr.end)
	return tr
}

func (tr *traffic) awaitLives(t *testing.T, more int64) {
	t.Helper()
	before := tr.lives.Load()
	eventually(t, func() bool { return tr.lives.Load() >= before+more })
}

// ok reports whether a call succeeded. It may be refused, but nothing else may happen.
func (tr *traffic) ok(t *testing.T, what string, err error) bool {
	t.Helper()
	if errors.Is(err, session.ErrUnavailable) {
		tr.refused.Add(1)
	} else if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return err == nil
}

// confirmed repeats a call until it succeeds.
func (tr *traffic) confirmed(t *testing.T, what string, call func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); !tr.ok(t, what, call()); {
		if time.Now().After(deadline) {
			t.Errorf("%s was refused for %v", what, patience)
			return
		}
	}
}

// life is one session from its login to its end. No step may find it missing before,
// and none may find it or write to it afterwards.
func (tr *traffic) life(t *testing.T, user string, n int) {
	t.Helper()
	ctx := t.Context()
	one, other := tr.tm.members[n%3], tr.tm.members[(n+1)%3]
	token, s, err := one.tryLogin(ctx, user)
	if !tr.ok(t, "login", err) {
		return
	}
	c := newClaim(token, s)
	tr.find(t, c)
	tr.ok(t, "touch", other.Touch(ctx, aged(s)))
	tr.ok(t, "update", one.Update(ctx, s.ID, map[string]string{"name": "Moritz", "email": "m"}))
	tr.find(t, c)
	if n%2 == 0 {
		c.mayEnd.Store(true)
		token, s, err := other.Rotate(ctx, c.token)
		if tr.ok(t, "rotate", err) {
			c.over.Store(clock())
			tr.tm.awaitOver(t, c)
			c = newClaim(token, s)
			tr.find(t, c)
		}
	}
	if n%5 == 0 && !c.mayEnd.Load() {
		tr.confirmed(t, "revoke others", func() error { return one.RevokeOthers(ctx, c.s) })
		tr.find(t, c)
	}
	tr.endOf(t, c, n)
}

func (tr *traffic) find(t *testing.T, c *claim) {
	t.Helper()
	for _, b := range tr.tm.members {
		for range 2 { // the second time it may be in memory
			at := clock()
			_, err := b.Lookup(t.Context(), c.token)
			if errors.Is(err, session.ErrUnavailable) {
				tr.refused.Add(1)
			}
			c.judge(t, tr.tm, at, err)
		}
	}
}

// endOf ends a session, and writes to it as requests do that were on their way.
func (tr *traffic) endOf(t *testing.T, c *claim, n int) {
	t.Helper()
	ctx, b := t.Context(), tr.tm.members[(n+2)%3]
	ways := []string{"advance", "revoke", "revoke all", "revoke id"}
	way := ways[n%len(ways)]
	end := func() error { return revocations(c.s, c.token)[way](ctx, b) }
	if way == "advance" { // to a version that there was not before
		end = func() error { return b.Advance(ctx, c.s.UserID, int64(n)+1) }
	}
	tr.confirmed(t, way, func() error {
		err := c.revoke(end)
		if way == "revoke id" && errors.Is(err, session.ErrNotFound) { // the first try had got through, or a rotation
			err = c.revoke(func() error { return b.RevokeAll(ctx, c.s.UserID) })
		}
		return err
	})
	for _, b := range tr.tm.members {
		for _, err := range []error{
			b.Touch(ctx, aged(c.s)), b.Update(ctx, c.s.ID, map[string]string{"name": "Max", "email": "m"}),
		} {
			// Writes look at no epoch.
			if err == nil && way == "revoke" {
				t.Errorf("a write after %s did not fail", way)
			}
			if !errors.Is(err, session.ErrNotFound) {
				tr.ok(t, "a late write", err)
			}
		}
	}
	tr.tm.awaitOver(t, c)
	if slices.Contains([]string{"advance", "revoke all"}, way) {
		return
	}
	if n, err := b.do(t, "HLEN", b.prefix+c.s.ID).AsInt64(); err != nil || n > 1 { // 1: the marker of a rotation
		t.Errorf("after %s the session has %d fields, %v", way, n, err)
	}
}
