package kurs_test

import (
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// unknownToken looks like a token.
const unknownToken = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	for token, want := range map[string]kurs.Code{
		"":              kurs.CodeNoToken,
		unknownToken:    kurs.CodeSessionInvalid,
		"nonsense":      kurs.CodeSessionInvalid,
		"epoch:1":       kurs.CodeSessionInvalid,
		"\x00*\n{user}": kurs.CodeSessionInvalid,
	} {
		actor, err := w.accounts.Authenticate(t.Context(), token)
		wantCode(t, err, want)
		if actor.MayRead(1) == nil || actor.MayList() == nil {
			t.Errorf("%q: the actor may do something", token)
		}
	}
}

// TestAuthenticateLetsTheSessionSlide: a session that was last renewed 20
// minutes ago lives for 30 minutes from its use on.
func TestAuthenticateLetsTheSessionSlide(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	s := w.login(t, w.add(t, "Max", kurs.RoleUser))
	key := "session:" + s.Session.ID
	do := func(args ...string) int64 {
		t.Helper()
		n, err := w.client.Do(t.Context(), w.client.B().Arbitrary(args...).Build()).AsInt64()
		if err != nil {
			t.Fatal(args, err)
		}
		return n
	}
	for _, field := range []string{"_created", "_seen", "_expires"} {
		do("HINCRBY", key, field, "-1200000")
	}
	do("PEXPIRE", key, "600000")
	w.authenticate(t, s.Token)
	if ttl := do("PTTL", key); ttl <= 1_740_000 || ttl > 1_800_000 {
		t.Errorf("the session ends in %d ms, want about 1,800,000", ttl)
	}
}

// TestNewRoleEndsTheSessions: whoever has a session has the role that it says.
func TestNewRoleEndsTheSessions(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	for _, role := range []kurs.Role{kurs.RoleAdmin, kurs.RoleUser} {
		s := w.login(t, user)
		if err := w.store.SetRole(t.Context(), user.ID, role); err != nil {
			t.Fatal(err)
		}
		between := w.login(t, user) // before Redis is told
		w.tellSessions(t)
		w.wantEnded(t, s.Token)
		if got := w.authenticate(t, between.Token).Role; got != role {
			t.Errorf("role %q, want %q", got, role)
		}
		w.tellSessions(t)
		w.authenticate(t, between.Token)
	}
}

// TestSessionWithoutARoleIsInvalid: it is one of a version that kept none.
func TestSessionWithoutARoleIsInvalid(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	s := w.login(t, w.add(t, "Max", kurs.RoleAdmin))
	for _, role := range []string{"", "root"} {
		if err := w.sessions.Update(t.Context(), s.Session.ID, kurs.SessionData{Name: "Max", Role: kurs.Role(role)}); err != nil {
			t.Fatal(err)
		}
		w.wantEnded(t, s.Token)
	}
}

func TestActorsOfADemo(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	if actor := w.authenticate(t, w.login(t, user).Token); !actor.Demo {
		t.Error("the actor is not one of the demo")
	}
	if actor := w.accounts.Anonymous(); !actor.Demo || !actor.Anonymous || actor.MayList() != nil {
		t.Errorf("the anonymous actor: %+v", actor)
	}
	if actor := newProduction(t).accounts.Anonymous(); actor.Demo || actor.MayList() == nil {
		t.Errorf("the anonymous actor in production: %+v", actor)
	}
}

func TestNobodyHasMoreThanAHundredSessions(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	var last kurs.LoginResult
	for range 103 {
		last = w.login(t, user)
	}
	devices, err := w.accounts.Devices(t.Context(), w.authenticate(t, last.Token))
	if err != nil || len(devices) != 100 {
		t.Errorf("%d sessions (%v), want 100", len(devices), err)
	}
}

func TestLogoutEndsTheSession(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s, other := w.login(t, user), w.login(t, user)
	for range 2 { // the second time it is not known any more
		if err := w.accounts.Logout(t.Context(), s.Token); err != nil {
			t.Fatal(err)
		}
		_, err := w.accounts.Authenticate(t.Context(), s.Token)
		wantCode(t, err, kurs.CodeSessionInvalid)
	}
	for _, token := range []string{unknownToken, "nonsense"} {
		if err := w.accounts.Logout(t.Context(), token); err != nil {
			t.Errorf("logout of %q: %v", token, err)
		}
	}
	wantCode(t, w.accounts.Logout(t.Context(), ""), kurs.CodeNoToken)
	w.authenticate(t, other.Token)
}

// TestWithoutRedisNobodyIsLetInOrLoggedOut: 503, and once Redis answers the
// session is alive.
func TestWithoutRedisNobodyIsLetInOrLoggedOut(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	s := w.login(t, w.add(t, "Max", kurs.RoleUser))
	w.redis.Freeze(t)
	began := time.Now()
	_, err := w.accounts.Authenticate(t.Context(), s.Token)
	wantCode(t, err, kurs.CodeUnavailable)
	_, err = w.accounts.Authenticate(t.Context(), unknownToken)
	wantCode(t, err, kurs.CodeUnavailable)
	if took := time.Since(began); took > slack {
		t.Errorf("took %v, want at most %v", took, slack)
	}
	w.redis.Thaw(t)
	eventually(t, "the session is alive", func() bool {
		_, err := w.accounts.Authenticate(t.Context(), s.Token)
		return err == nil
	})

	w.redis.Kill(t)
	_, err = w.accounts.Authenticate(t.Context(), s.Token)
	wantCode(t, err, kurs.CodeUnavailable)
	wantCode(t, w.accounts.Logout(t.Context(), s.Token), kurs.CodeUnavailable)
}

func TestSessionsNeedNoDatabase(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	s := w.login(t, w.add(t, "Max", kurs.RoleUser))
	w.store.down.Store(true)
	before := w.store.calls.Load()
	w.authenticate(t, s.Token)
	if n := w.store.calls.Load() - before; n != 0 {
		t.Errorf("the database was asked %d times", n)
	}
}

func TestProfileIsTheUserAsItIsNow(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s := w.login(t, user)
	profile := func() kurs.User {
		t.Helper()
		e, err := w.accounts.Profile(t.Context(), w.authenticate(t, s.Token))
		if err != nil {
			t.Fatal(err)
		}
		return e.Value
	}
	if got := profile(); got != user {
		t.Errorf("got %+v, want %+v", got, user)
	}
	changed, err := w.users.Update(t.Context(), demoActor, user.ID, "Moritz", "moritz@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if got := profile(); got != changed {
		t.Errorf("after a change: %+v, want %+v", got, changed)
	}
}

func TestProfileOfAnActorMadeByHand(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	if got, err := w.accounts.Profile(t.Context(), asUser(user)); err != nil || got.Value != user {
		t.Errorf("got %+v, %v; want %+v", got, err, user)
	}
	for want, actor := range map[kurs.Code]kurs.Actor{
		kurs.CodeNoToken:        demoActor,
		kurs.CodeSessionInvalid: {UserID: 99, Role: kurs.RoleUser},
	} {
		_, err := w.accounts.Profile(t.Context(), actor)
		wantCode(t, err, want)
	}
	w.store.down.Store(true)
	_, err := w.accounts.Profile(t.Context(), kurs.Actor{UserID: 98, Role: kurs.RoleUser})
	wantCode(t, err, kurs.CodeUnavailable)
}
