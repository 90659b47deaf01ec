package test

import (
	"fmt"
	"net/http"
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
			f := newFleet(t, redistest.WithAppendOnly())
			f.add(t, "out@example.com", "user")
			f.add(t, "gone@example.com", "user")
			user, admin := f.login(t, 0, userEmail), f.login(t, 1, adminEmail)
			out, gone := f.login(t, 2, "out@example.com"), f.login(t, 0, "gone@example.com")
			const list = "/users?limit=5"
			gonePath := fmt.Sprintf("/users/%d", gone.user) // unlike /profile it tells a missing user from a missing session
			f.heat(t, "/profile", user)
			f.heat(t, list, admin)
			f.heat(t, "/profile", out)
			f.heat(t, gonePath, gone)
			began := time.Now()
			live := []*watching{
				f.watch(t, time.Millisecond, "a user", "/profile", user.header),
				f.watch(t, time.Millisecond, "an administrator", list, admin.header),
			}
			ended := f.watch(t, time.Millisecond, "who logged out", "/profile", out.header)
			deleted := f.watch(t, time.Millisecond, "who was deleted", gonePath, gone.header)
			for _, w := range append(live, ended, deleted) {
				w.await(t, began, http.StatusOK, 1)
			}

			call(t, f.servers[0], http.StatusOK, "POST", "/logout", "", out.header)
			loggedOut := time.Now()
			fault.strike(f.redis, t)
			struck := time.Now()
			execute(t, f.conn, `DELETE FROM public.users WHERE id = $1`, gone.user)

			late := struck.Add(maxStaleness + stopSlack)
			for _, w := range append(live, ended, deleted) {
				w.await(t, late, http.StatusServiceUnavailable, 2)
				w.wantOnly503(t, late)
			}
			last := live[0].lastIn()
			t.Logf("a server let somebody in for the last time %v after Redis was %s", last.Sub(struck).Round(time.Millisecond), fault.name)
			ended.sightings[0].neverLetIn(t, loggedOut)
			for _, s := range ended.sightings {
				s.neverLetIn(t, loggedOut.Add(maxStaleness))
			}

			fault.heal(f.redis, t)
			healed := time.Now()
			took := deleted.ended(t, healed)
			t.Logf("the last of three servers refused who was deleted %v after Redis was back", took.Round(time.Millisecond))
			ended.ended(t, healed)
			for _, w := range live {
				w.stayed(t, healed)
			}
			t.Logf("everybody else was let in everywhere %v after Redis was back", live[0].letIn(healed).Round(time.Millisecond))
		})
	}
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
