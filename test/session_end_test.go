package test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	// maxStaleness is how long after a confirmed revocation a server may let somebody
	// in from its memory (session.Options). It is exact: a server that is slow looks at
	// its clock later, and refuses.
	maxStaleness = time.Second
	// endBound bounds how long a change in the database takes to end sessions. On a
	// quiet machine it is milliseconds.
	endBound = 30 * time.Second
)

// ending is one way in which sessions end. The user has two: the first ends in any case.
type ending struct {
	name string
	role string
	// path is what both sessions ask for all the time: "" is /profile, and %d stands for
	// the user's id.
	path string
	// act ends the first session, or has that done.
	act func(t *testing.T, f *fleet, first, second loggedIn) confirmation
	// keeps says that the second session stays.
	keeps bool
}

// confirmation says when a server told that the sessions have ended. It is -1 where
// nobody did: the outbox ends them.
type confirmation struct {
	server int
	at     time.Time
}

func by(server int) confirmation { return confirmation{server, time.Now()} }

func endings() []ending {
	sql := func(statement string) func(*testing.T, *fleet, loggedIn, loggedIn) confirmation {
		return func(t *testing.T, f *fleet, first, _ loggedIn) confirmation {
			t.Helper()
			execute(t, f.conn, statement, first.user)
			return by(-1)
		}
	}
	return []ending{
		{name: "logout", keeps: true, act: func(t *testing.T, f *fleet, first, _ loggedIn) confirmation {
			t.Helper()
			call(t, f.servers[1], 200, "POST", "/logout", "", first.header)
			return by(1)
		}},
		{name: "DELETE of one session", keeps: true, act: func(t *testing.T, f *fleet, first, second loggedIn) confirmation {
			t.Helper()
			call(t, f.servers[2], 200, "DELETE", "/sessions/"+first.id, "", second.header)
			return by(2)
		}},
		{name: "DELETE of the other sessions", keeps: true, act: func(t *testing.T, f *fleet, _, second loggedIn) confirmation {
			t.Helper()
			call(t, f.servers[0], 200, "DELETE", "/sessions", "", second.header)
			return by(0)
		}},
		{name: "password changed", act: changePassword},
		{name: "password forgotten", act: func(t *testing.T, f *fleet, first, _ loggedIn) confirmation {
			t.Helper()
			code := f.resetCode(t, first.email)
			call(t, f.servers[2], 200, "POST", "/password-resets/confirmations", fmt.Sprintf(`{"token":%q,"password":"a new passphrase"}`, code))
			return by(-1) // it answers 200 where Redis is slow, too: then it is the outbox's
		}},
		// Not /profile, which tells of a missing user whatever the session is.
		{name: "user deleted by an administrator", path: "/users/%d", act: func(t *testing.T, f *fleet, first, _ loggedIn) confirmation {
			t.Helper()
			call(t, f.servers[0], 200, "DELETE", fmt.Sprintf("/users/%d", first.user), "", f.servers[0].login(t, adminEmail))
			return by(0)
		}},
		{name: "UPDATE of the role of an administrator", role: "admin", path: "/users?limit=5", act: sql(`UPDATE public.users SET role = 'user' WHERE id = $1`)},
		{name: "UPDATE of the role of a user", act: sql(`UPDATE public.users SET role = 'admin' WHERE id = $1`)},
		{name: "UPDATE of the password", act: sql(`UPDATE public.users SET password_hash = '' WHERE id = $1`)},
		{name: "DELETE of the row", path: "/users/%d", act: sql(`DELETE FROM public.users WHERE id = $1`)},
	}
}

// changePassword also sees to it that the new session is good everywhere, at once and
// from then on.
func changePassword(t *testing.T, f *fleet, first, second loggedIn) confirmation {
	t.Helper()
	fresh := bearerOf(call(t, f.servers[0], 200, "PUT", "/profile/password", `{"old_password":"`+password+`","new_password":"a new passphrase"}`, first.header))
	changed := by(0)
	w := f.watch(t, time.Millisecond, "the session after the change", "/profile", fresh)
	w.stayed(t, changed.at)
	w.stop()
	return changed
}

// Sessions that three servers have in their memory end, one way after the other, while
// everybody else stays.
func TestSessionsEndAtAllServers(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	began := time.Now()
	others := map[string]*watching{
		"a user":           f.watch(t, 20*time.Millisecond, "another user", "/users/1", f.login(t, 0, userEmail).header),
		"an administrator": f.watch(t, 20*time.Millisecond, "another administrator", "/users?limit=5", f.login(t, 1, adminEmail).header),
	}
	for i, e := range endings() {
		t.Run(e.name, func(t *testing.T) { e.run(t, f, fmt.Sprintf("zoe%d@example.com", i)) })
	}
	for _, w := range others {
		w.stayed(t, began)
	}
	t.Run("TRUNCATE", func(t *testing.T) {
		execute(t, f.conn, `TRUNCATE public.users CASCADE`)
		committed := time.Now()
		for who, w := range others {
			took := w.ended(t, committed)
			t.Logf("%s: the last of three servers refused it %v after the commit", who, took.Round(100*time.Microsecond))
			if took > endBound {
				t.Errorf("%s: ended after %v", who, took)
			}
		}
	})
}

func (e ending) run(t *testing.T, f *fleet, email string) {
	t.Helper()
	role, path := "user", "/profile"
	if e.role != "" {
		role = e.role
	}
	id := f.add(t, email, role)
	if e.path != "" {
		path = strings.ReplaceAll(e.path, "%d", fmt.Sprint(id))
	}
	first, second := f.login(t, 0, email), f.login(t, 1, email)
	f.heat(t, path, first)
	f.heat(t, path, second)
	began := time.Now()
	one := f.watch(t, 2*time.Millisecond, "the first session", path, first.header)
	two := f.watch(t, 2*time.Millisecond, "the second session", path, second.header)
	one.await(t, began, 200, 3)
	two.await(t, began, 200, 3)

	done := e.act(t, f, first, second)
	took := e.check(t, one, done)
	if e.keeps {
		two.stayed(t, done.at)
	} else {
		took = max(took, e.check(t, two, done))
	}
	t.Logf("the last of three servers refused it %v after the answer", max(0, took).Round(100*time.Microsecond))
	if took > endBound {
		t.Errorf("ended after %v", took)
	}
}

// check waits until a session has ended, and looks whether it did in time.
func (e ending) check(t *testing.T, w *watching, done confirmation) (took time.Duration) {
	t.Helper()
	took = w.ended(t, done.at)
	w.stop()
	for i, s := range w.sightings {
		switch {
		case i == done.server:
			s.neverLetIn(t, done.at)
		case done.server >= 0:
			s.neverLetIn(t, done.at.Add(maxStaleness))
		}
	}
	return took
}
