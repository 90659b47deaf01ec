package session_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// team is managers that share sessions, each with a client of its own, as processes
// have.
type team struct {
	maker   *bed   // keeps nothing in memory
	members []*bed // three that do
	bound   time.Duration
	users   int
}

// newTeam makes a team on a Cluster. With a MaxStaleness of 0 a pause of the machine
// does not end the local tiers.
func newTeam(t *testing.T, cluster *redistest.Cluster, o session.Options) *team {
	t.Helper()
	if o.MaxStaleness == 0 {
		o.MaxStaleness = 20 * time.Second
	}
	tm := &team{maker: newBedOn(t, cluster.Client(t), o), bound: o.MaxStaleness}
	o.Prefix, o.LocalBytes = tm.maker.prefix, 1<<20
	for range 3 {
		b := newBedOn(t, cluster.Client(t), o)
		b.awaitLocal(t)
		tm.members = append(tm.members, b)
	}
	return tm
}

// masterOf is the master that has a key as long as no slot was moved.
func (tm *team) masterOf(key string) int {
	const masters, slots = 3, 16384
	slot := slotOf(tm.maker.client, key)
	for i := 1; ; i++ {
		if slot < i*slots/masters {
			return i - 1
		}
	}
}

// apart logs a user in whose session, epoch and index lie on three masters.
func (tm *team) apart(t *testing.T, sessionAt, epochAt int) *claim {
	t.Helper()
	b := tm.maker
	for {
		user := fmt.Sprint("apart", tm.users)
		tm.users++
		if tm.masterOf(b.prefix+"epoch:"+user) != epochAt || tm.masterOf(b.prefix+"of:"+user) != 3-sessionAt-epochAt {
			continue
		}
		for {
			token, s := b.login(t, user)
			if tm.masterOf(b.prefix+s.ID) == sessionAt {
				return newClaim(token, s)
			}
			if err := b.Revoke(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// heat returns when every member finds all of these sessions in its memory.
func (tm *team) heat(t *testing.T, claims ...*claim) {
	t.Helper()
	for _, b := range tm.members {
		eventually(t, func() bool {
			before := b.Stats()
			for _, c := range claims {
				if _, err := b.Lookup(t.Context(), c.token); err != nil {
					return false // it may be a Cluster that is not well yet
				}
			}
			after := b.Stats()
			return after.LocalHits-before.LocalHits == uint64(len(claims)) && after.RedisLookups == before.RedisLookups
		})
	}
}

// hits are the lookups that the members answered from memory.
func (tm *team) hits() (n uint64) {
	for _, b := range tm.members {
		n += b.Stats().LocalHits
	}
	return n
}

// claim is a session, and what is true about it.
type claim struct {
	token string
	s     *Session
	// mayEnd tells that a revocation was sent.
	mayEnd atomic.Bool
	// over is when a revocation had been confirmed, in ns since the epoch of clock.
	over atomic.Int64
	// tried is when each member's last lookup that is done began.
	tried [3]atomic.Int64
}

func newClaim(token string, s *Session) *claim { return &claim{token: token, s: s} }

// began is the beginning of clock.
var began = time.Now()

// clock is a clock that atomics can hold.
func clock() int64 { return int64(time.Since(began)) }

// revoke sends a revocation, and reports whether it was confirmed.
func (c *claim) revoke(by func() error) error {
	c.mayEnd.Store(true)
	err := by()
	if err == nil {
		c.over.Store(clock())
	}
	return err
}

// judge looks at what a member said to a lookup that began at a time.
func (c *claim) judge(t *testing.T, tm *team, at int64, err error) {
	t.Helper()
	switch {
	case err == nil:
		if over := c.over.Load(); over != 0 && at-over > int64(tm.bound) {
			t.Errorf("let in %v after the revocation of user %s was confirmed", time.Duration(at-over), c.s.UserID)
		}
	case errors.Is(err, session.ErrNotFound):
		if !c.mayEnd.Load() {
			t.Errorf("the session of user %s lives, and was not found", c.s.UserID)
		}
	case !errors.Is(err, session.ErrUnavailable):
		t.Errorf("neither found, nor not found, nor unavailable: %v", err)
	}
}

// watch has every member look all these sessions up, and touch them, until the end
// is called.
func (tm *team) watch(t *testing.T, claims ...*claim) (end func()) {
	t.Helper()
	done := make(chan struct{})
	var all sync.WaitGroup
	for i, b := range tm.members {
		for _, c := range claims {
			all.Go(func() {
				tick := time.NewTicker(5 * time.Millisecond)
				defer tick.Stop()
				for {
					at := clock()
					s, err := b.Lookup(t.Context(), c.token)
					c.judge(t, tm, at, err)
					if err == nil {
						if err := b.Touch(t.Context(), s); err != nil {
							c.judge(t, tm, at, err)
						}
					}
					c.tried[i].Store(at)
					select {
					case <-tick.C:
					case <-done:
						return
					}
				}
			})
		}
	}
	end = sync.OnceFunc(func() {
		close(done)
		all.Wait()
	})
	t.Cleanup(end)
	return end
}

// awaitTries returns when every member has looked these sessions up once more.
func (tm *team) awaitTries(t *testing.T, claims ...*claim) {
	t.Helper()
	now := clock()
	for _, c := range claims {
		for i := range tm.members {
			eventually(t, func() bool { return c.tried[i].Load() > now })
		}
	}
}

// awaitOver returns when every member says that a session is gone. None may find it
// in its memory for longer than it may be stale. It returns how long the slowest did.
func (tm *team) awaitOver(t *testing.T, c *claim) time.Duration {
	t.Helper()
	var slowest atomic.Int64
	var all []func()
	for _, b := range tm.members {
		all = append(all, func() {
			for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
				at := clock()
				_, err := b.Lookup(t.Context(), c.token)
				c.judge(t, tm, at, err)
				if errors.Is(err, session.ErrNotFound) {
					return
				}
				if late := at - c.over.Load(); err == nil && late > slowest.Load() {
					slowest.Store(late)
				}
			}
			t.Errorf("%v after its revocation a session is not gone", patience)
		})
	}
	together(all...)
	return time.Duration(slowest.Load())
}

// freeze suspends a server and returns when it stands still.
func freeze(t *testing.T, server *redistest.Server) {
	t.Helper()
	freezePID(t, server, pidOf(t, server))
}

// freezePID is freeze for a server that may stand still already, and says nothing.
func freezePID(t *testing.T, server *redistest.Server, pid string) {
	t.Helper()
	server.Freeze(t)
	eventually(t, func() bool { return stopped(t.Context(), pid) })
}

func pidOf(t *testing.T, server *redistest.Server) string {
	t.Helper()
	_, pid, found := strings.Cut(server.CLI(t, "INFO", "server"), "process_id:")
	if !found {
		t.Fatal("no process id")
	}
	pid, _, _ = strings.Cut(pid, "\r\n")
	return pid
}

// stopped reports whether a process is suspended.
func stopped(ctx context.Context, pid string) bool {
	state, err := exec.CommandContext(ctx, "ps", "-o", "state=", "-p", pid).Output()
	return err == nil && strings.HasPrefix(string(state), "T")
}

// slotOf is the slot of a key.
func slotOf(client rueidis.Client, key string) int {
	cmd := client.B().Exists().Key(key).Build()
	return int(cmd.Slot())
}
