package kurs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func (w *world) devices(t *testing.T, token string) []kurs.Device {
	t.Helper()
	devices, err := w.accounts.Devices(t.Context(), w.authenticate(t, token))
	if err != nil {
		t.Fatal(err)
	}
	return devices
}

func TestDevicesShowWhereOneIsLoggedIn(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user, other := w.add(t, "Max", kurs.RoleUser), w.add(t, "Ada", kurs.RoleUser)
	w.login(t, other)
	l := loginOf(user)
	l.UserAgent, l.ClientPrefix, l.Remember = "Firefox\x00\n", "2001:db8::/64", true
	phone, err := w.accounts.Login(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	desk := w.login(t, user)

	got := w.devices(t, desk.Token)
	if len(got) != 2 {
		t.Fatalf("%d sessions, want 2: %+v", len(got), got)
	}
	byID := map[string]kurs.Device{got[0].ID: got[0], got[1].ID: got[1]}
	d, p := byID[desk.Session.ID], byID[phone.Session.ID]
	if !d.Current || p.Current || d.Remembered || !p.Remembered {
		t.Errorf("the desk is %+v, the phone %+v", d, p)
	}
	if p.UserAgent != "Firefox" || p.Address != "2001:db8::/64" || d.UserAgent != "" || d.Address != "192.0.2.1" {
		t.Errorf("the desk is %+v, the phone %+v", d, p)
	}
	// Redis's TIME and what its TTLs count from may lie some milliseconds apart.
	const rounding = 10 * time.Millisecond
	if life := d.ExpiresAt.Sub(d.LastSeenAt); (life - 30*time.Minute).Abs() > rounding {
		t.Errorf("the desk lives %v without a request", life)
	}
	if life := p.ExpiresAt.Sub(p.LastSeenAt); (life-14*24*time.Hour).Abs() > rounding || !p.CreatedAt.Equal(p.LastSeenAt) {
		t.Errorf("the phone lives %v without a request", life)
	}
}

func TestEndDevice(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user, other := w.add(t, "Max", kurs.RoleUser), w.add(t, "Ada", kurs.RoleAdmin)
	first, second, others := w.login(t, user), w.login(t, user), w.login(t, other)
	actor := w.authenticate(t, first.Token)
	for _, id := range []string{others.Session.ID, "", "nonsense", "of:1", second.Token} {
		wantCode(t, w.accounts.EndDevice(t.Context(), actor, id), kurs.CodeSessionNotFound)
	}
	w.authenticate(t, others.Token)
	if err := w.accounts.EndDevice(t.Context(), actor, second.Session.ID); err != nil {
		t.Fatal(err)
	}
	w.wantEnded(t, second.Token)
	wantCode(t, w.accounts.EndDevice(t.Context(), actor, second.Session.ID), kurs.CodeSessionNotFound)
	if got := w.devices(t, first.Token); len(got) != 1 || got[0].ID != first.Session.ID {
		t.Errorf("left are %+v", got)
	}
	// The present one is no exception.
	if err := w.accounts.EndDevice(t.Context(), actor, first.Session.ID); err != nil {
		t.Fatal(err)
	}
	w.wantEnded(t, first.Token)
}

func TestEndOtherDevices(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user, other := w.add(t, "Max", kurs.RoleUser), w.add(t, "Ada", kurs.RoleUser)
	first, second, kept, others := w.login(t, user), w.login(t, user), w.login(t, user), w.login(t, other)
	if err := w.accounts.EndOtherDevices(t.Context(), w.authenticate(t, kept.Token)); err != nil {
		t.Fatal(err)
	}
	w.wantEnded(t, first.Token)
	w.wantEnded(t, second.Token)
	w.authenticate(t, others.Token)
	// The outbox has nothing to say about it, and ends nothing.
	w.tellSessions(t)
	actor := w.authenticate(t, kept.Token)
	if err := w.accounts.Logout(t.Context(), kept.Token); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.accounts.EndOtherDevices(t.Context(), actor), kurs.CodeSessionInvalid)
}

func TestDevicesAreForWhoIsLoggedIn(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	for _, actor := range []kurs.Actor{{}, {Anonymous: true}, {Anonymous: true, Demo: true}} {
		_, err := w.accounts.Devices(t.Context(), actor)
		wantCode(t, err, kurs.CodeNoToken)
		wantCode(t, w.accounts.EndDevice(t.Context(), actor, "x"), kurs.CodeNoToken)
		wantCode(t, w.accounts.EndOtherDevices(t.Context(), actor), kurs.CodeNoToken)
	}
	s := w.login(t, w.add(t, "Max", kurs.RoleUser))
	actor := w.authenticate(t, s.Token)
	w.redis.Kill(t)
	_, err := w.accounts.Devices(t.Context(), actor)
	wantCode(t, err, kurs.CodeUnavailable)
	wantCode(t, w.accounts.EndDevice(t.Context(), actor, s.Session.ID), kurs.CodeUnavailable)
	wantCode(t, w.accounts.EndOtherDevices(t.Context(), actor), kurs.CodeUnavailable)
}

func TestAdministratorsEndAllSessionsOfAUser(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	written := w.withAudit(t)
	user, other, admin := w.add(t, "Max", kurs.RoleUser), w.add(t, "Eva", kurs.RoleUser), w.add(t, "Ada", kurs.RoleAdmin)
	first, second, others, admins := w.login(t, user), w.login(t, user), w.login(t, other), w.login(t, admin)
	actor := w.authenticate(t, admins.Token)
	if err := w.accounts.EndSessionsOf(t.Context(), actor, user.ID); err != nil {
		t.Fatal(err)
	}
	w.wantEnded(t, first.Token)
	w.wantEnded(t, second.Token)
	w.authenticate(t, others.Token)
	w.authenticate(t, admins.Token)
	// The user is not kept out.
	again := w.login(t, user)
	w.tellSessions(t)
	w.authenticate(t, again.Token)
	for _, id := range []int64{0, -1, 99} {
		wantCode(t, w.accounts.EndSessionsOf(t.Context(), actor, id), kurs.CodeUserNotFound)
	}
	// Its own are no exception, the present one neither.
	if err := w.accounts.EndSessionsOf(t.Context(), actor, admin.ID); err != nil {
		t.Fatal(err)
	}
	w.wantEnded(t, admins.Token)

	w.redis.Kill(t)
	wantCode(t, w.accounts.EndSessionsOf(t.Context(), actor, user.ID), kurs.CodeUnavailable)
	written()
	var got []string
	for _, e := range w.audited(t) {
		if strings.HasPrefix(e, "sessions_revoked") {
			got = append(got, e)
		}
	}
	if want := []string{"sessions_revoked 1 by 3 from  with  map[]", "sessions_revoked 3 by 3 from  with  map[]"}; !slices.Equal(got, want) {
		t.Errorf("audit log %q, want %q", got, want)
	}
}

func TestOnlyAdministratorsEndSessionsOfUsers(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s := w.login(t, user)
	for _, c := range []struct {
		actor kurs.Actor
		want  kurs.Code
	}{
		{kurs.Actor{}, kurs.CodeNoToken},
		{kurs.Actor{Anonymous: true}, kurs.CodeNoToken},
		{demoActor, kurs.CodeNoToken},
		{kurs.Actor{Role: kurs.RoleAdmin}, kurs.CodeNoToken},
		{w.authenticate(t, s.Token), kurs.CodeForbidden}, // itself, in the demo
		{asUser(user), kurs.CodeForbidden},
		{kurs.Actor{UserID: 2, Role: "root"}, kurs.CodeForbidden},
	} {
		for _, id := range []int64{user.ID, 99} { // whether it exists or not
			wantCode(t, w.accounts.EndSessionsOf(t.Context(), c.actor, id), c.want)
		}
	}
	w.authenticate(t, s.Token)
}

// A session that is remembered stays one when the password is changed.
func TestPasswordChangeKeepsWhatIsRemembered(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	for _, remember := range []bool{true, false} {
		l := loginOf(user)
		l.Remember = remember
		if !remember {
			l.Password = another
		}
		s, err := w.accounts.Login(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		c := changeOf(user)
		c.Old, c.New = l.Password, another+another
		if remember {
			c.New = another
		}
		result, err := w.accounts.ChangePassword(t.Context(), w.authenticate(t, s.Token), c)
		if err != nil || result.Session.Remembered != remember {
			t.Errorf("remembered %v, %v; want %v", result.Session.Remembered, err, remember)
		}
	}
}
