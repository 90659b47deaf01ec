package test

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// stopSlack is how long a signal may take to stop Redis: it answers until then. The
// servers themselves need none, however slow they are: they look at the clock after a
// request has come in.
const stopSlack = 500 * time.Millisecond

// Redis goes away from three servers that have sessions in their memory. Nobody is let
// in for longer than MaxStaleness, nobody is logged out, and what ended is not let in.
func TestSessionsWithoutRedis(t *testing.T) {
	t.Parallel()
	for _, fault := range []struct {
		name         string
		strike, heal func(*redistest.Server, testing.TB)
	}{
		{"killed", (*redistest.Server).Kill, (*redistest.Server).Restart},
		{"frozen", (*redistest.Server).Freeze, (*redistest.Server).Thaw},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t)
			// One server sleeps through it all, with the sessions in its memory.
			sleeper := o.f.servers[2].cmd.Process
			if err := sleeper.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = sleeper.Signal(syscall.SIGCONT) })
			call(t, o.f.servers[0], http.StatusOK, "POST", "/logout", "", o.out.header)
			loggedOut := time.Now()
			fault.strike(o.f.redis, t)
			struck := time.Now()
			execute(t, o.f.conn, `DELETE FROM public.users WHERE id = $1`, o.gone.user)
			late := struck.Add(maxStaleness + stopSlack)
			for _, w := range o.all() {
				w.sightings[0].await(t, late, http.StatusServiceUnavailable, 2)
			}
			if err := sleeper.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			o.nobodyIsLetIn(t, late)
			t.Logf("the last request that was let in came %v after Redis was %s", o.live[0].lastIn().Sub(struck).Round(time.Millisecond), fault.name)
			o.ended.sightings[0].neverLetIn(t, loggedOut)
			for _, s := range o.ended.sightings {
				s.neverLetIn(t, loggedOut.Add(maxStaleness))
			}
			fault.heal(o.f.redis, t)
			o.heals(t)
		})
	}
}

// outage is what servers answer to four sessions that are in their memory.
type outage struct {
	f              *fleet
	out, gone      loggedIn // who will log out, and who will be deleted
	live           []*watching
	ended, deleted *watching
}

func newOutage(t *testing.T) *outage {
	t.Helper()
	f := newFleet(t, redistest.WithAppendOnly())
	f.add(t, "out@example.com", "user")
	f.add(t, "gone@example.com", "user")
	o := &outage{f: f, out: f.login(t, 2, "out@example.com"), gone: f.login(t, 0, "gone@example.com")}
	user, admin := f.login(t, 0, userEmail), f.login(t, 1, adminEmail)
	const profile, list = "/profile", "/users?limit=5"
	own := fmt.Sprintf("/users/%d", o.gone.user) // unlike /profile it tells a missing user from a missing session
	f.heat(t, profile, user)
	f.heat(t, list, admin)
	f.heat(t, profile, o.out)
	f.heat(t, own, o.gone)
	began := time.Now()
	o.live = []*watching{
		f.watch(t, time.Millisecond, "a user", profile, user.header),
		f.watch(t, time.Millisecond, "an administrator", list, admin.header),
	}
	o.ended = f.watch(t, time.Millisecond, "who logged out", profile, o.out.header)
	o.deleted = f.watch(t, time.Millisecond, "who was deleted", own, o.gone.header)
	for _, w := range o.all() {
		w.await(t, began, http.StatusOK, 1)
	}
	return o
}

func (o *outage) all() []*watching { return append([]*watching{o.ended, o.deleted}, o.live...) }

// nobodyIsLetIn fails where a request that was sent after a time gets another answer
// than 503.
func (o *outage) nobodyIsLetIn(t *testing.T, after time.Time) {
	t.Helper()
	for _, w := range o.all() {
		w.await(t, after, http.StatusServiceUnavailable, 2)
		w.wantOnly503(t, after)
	}
}

// heals waits until everybody is let in again but those whose sessions have ended.
func (o *outage) heals(t *testing.T) {
	t.Helper()
	healed := time.Now()
	took := o.deleted.ended(t, healed)
	t.Logf("the last of three servers refused who was deleted %v after Redis was back", took.Round(time.Millisecond))
	o.ended.ended(t, healed)
	for _, w := range o.live {
		w.stayed(t, healed)
	}
	t.Logf("everybody else was let in everywhere %v after Redis was back", o.live[0].letIn(healed).Round(time.Millisecond))
}

// wantOnly503 fails where a request that was sent after a time got another answer, or
// is not told when to come back.
func (w *watching) wantOnly503(t *testing.T, after time.Time) {
	t.Helper()
	for _, s := range w.sightings {
		s.mu.Lock()
		for _, a := range s.answers {
			if a.sent.After(after) && (a.status != http.StatusServiceUnavailable || a.retryAfter == "") {
				t.Errorf("%s: %v after: status %d, Retry-After %q", s.about, a.sent.Sub(after), a.status, a.retryAfter)
				break
			}
		}
		s.mu.Unlock()
	}
}

// lastIn is when the latest request that was let in was sent.
func (w *watching) lastIn() (last time.Time) {
	for _, s := range w.sightings {
		s.mu.Lock()
		if s.lastOK.After(last) {
			last = s.lastOK
		}
		s.mu.Unlock()
	}
	return last
}

// letIn is how long after a time all servers had let somebody in again.
func (w *watching) letIn(after time.Time) (took time.Duration) {
	for _, s := range w.sightings {
		s.mu.Lock()
		for _, a := range s.answers {
			if a.status == http.StatusOK && a.sent.After(after) {
				took = max(took, a.sent.Sub(after))
				break
			}
		}
		s.mu.Unlock()
	}
	return took
}
