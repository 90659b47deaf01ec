package kurs_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// stored returns a user as the database has it.
func (w *world) stored(t *testing.T, id int64) kurs.User {
	t.Helper()
	u, err := w.store.Store.User(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// demoActor is what everybody is on the users routes of the demo.
var demoActor = kurs.Actor{Anonymous: true, Demo: true}

func asUser(u kurs.User) kurs.Actor  { return kurs.Actor{UserID: u.ID, Role: kurs.RoleUser} }
func asAdmin(u kurs.User) kurs.Actor { return kurs.Actor{UserID: u.ID, Role: kurs.RoleAdmin} }

func TestUpdateCountsAtOnceForAdministratorsAndInTheDemo(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	admin := w.add(t, "Ada", kurs.RoleAdmin)
	for name, c := range map[string]struct {
		actor kurs.Actor
		id    int64
	}{
		"anyone in the demo":                {demoActor, user.ID},
		"administrator on another":          {asAdmin(admin), user.ID},
		"administrator on itself":           {asAdmin(admin), admin.ID},
		"the user, logged in into the demo": {kurs.Actor{UserID: user.ID, Role: kurs.RoleUser, Demo: true}, user.ID},
	} {
		w.get(t, c.id) // cached
		want := kurs.User{ID: c.id, Name: "Name of " + name, Email: "new" + strconv.Itoa(len(name)) + "@example.com"}
		got, err := w.users.Update(t.Context(), c.actor, c.id, " "+want.Name+" ", " "+want.Email+" ")
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, want)
		}
		if fresh := w.get(t, c.id).Value; fresh != want {
			t.Errorf("%s: the next read is %+v, want %+v", name, fresh, want)
		}
	}
	if mails := w.confirm.all(); len(mails) != 0 {
		t.Errorf("confirmations were asked for: %v", mails)
	}
}

func TestNextReadOfAnotherInstanceSeesTheUpdate(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	other := w.newUsers(t)
	for i := range 50 {
		if _, err := other.Get(t.Context(), user.ID); err != nil { // fills the cache
			t.Fatal(err)
		}
		name := "Max " + strconv.Itoa(i)
		if _, err := w.users.Update(t.Context(), demoActor, user.ID, name, user.Email); err != nil {
			t.Fatal(err)
		}
		e, err := other.Get(t.Context(), user.ID)
		if err != nil || e.Value.Name != name {
			t.Fatalf("round %d: got %+v, %v; want %s", i, e.Value, err, name)
		}
	}
}

func TestOwnNewAddressWaitsForConfirmation(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.get(t, user.ID)

	want := kurs.User{ID: user.ID, Name: "Moritz", Email: "max@example.com"}
	got, err := w.users.Update(t.Context(), asUser(user), user.ID, "Moritz", "moritz@example.org")
	if err != nil || got != want {
		t.Errorf("answer %+v, %v; want the name at once and the address in force: %+v", got, err, want)
	}
	if read := w.get(t, user.ID).Value; read != want {
		t.Errorf("read %+v, want %+v", read, want)
	}
	if got := w.confirm.all(); !slices.Equal(got, []emailRequest{{user.ID, "moritz@example.org"}}) {
		t.Errorf("confirmations asked for: %v", got)
	}
}

func TestOwnNameNeedsNoConfirmationAndNoRedis(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.redis.Kill(t)
	began := time.Now()
	got, err := w.users.Update(t.Context(), asUser(user), user.ID, "Moritz", user.Email)
	if want := (kurs.User{ID: user.ID, Name: "Moritz", Email: user.Email}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if took := time.Since(began); took > slack {
		t.Errorf("took %v, want at most %v", took, slack)
	}
	if mails := w.confirm.all(); len(mails) != 0 {
		t.Errorf("confirmations were asked for: %v", mails)
	}
}

func TestOtherSpellingOfTheOwnAddressIsConfirmedToo(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	got, err := w.users.Update(t.Context(), asUser(user), user.ID, "Max", "MAX@example.com")
	if err != nil || got != user {
		t.Errorf("got %+v, %v; want %+v", got, err, user)
	}
	if mails := w.confirm.all(); len(mails) != 1 {
		t.Errorf("confirmations asked for: %v; want one", mails)
	}
}

// TestRefusedUpdateChangesNothing lists every way in which Update fails
// before it writes.
func TestRefusedUpdateChangesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		actor       func(user, ada kurs.User) kurs.Actor
		name, email string
		breakIt     func(t *testing.T, w *world)
		want        kurs.Code
	}{
		"nobody is logged in": {
			actor: func(_, _ kurs.User) kurs.Actor { return kurs.Actor{Anonymous: true} },
			name:  "Moritz", email: "moritz@example.com", want: kurs.CodeNoToken,
		},
		"somebody else": {
			actor: func(_, ada kurs.User) kurs.Actor { return asUser(ada) },
			name:  "Moritz", email: "moritz@example.com", want: kurs.CodeForbidden,
		},
		"invalid name":                   {name: " ", email: "moritz@example.com", want: kurs.CodeInvalid},
		"invalid address":                {name: "Moritz", email: "moritz", want: kurs.CodeInvalid},
		"address taken, own":             {name: "Moritz", email: "ada@example.com", want: kurs.CodeEmailTaken},
		"address taken, other case, own": {name: "Moritz", email: "ADA@Example.COM", want: kurs.CodeEmailTaken},
		"address taken, in the demo": {
			actor: func(_, _ kurs.User) kurs.Actor { return demoActor },
			name:  "Moritz", email: "ADA@example.com", want: kurs.CodeEmailTaken,
		},
		"the mail cannot be queued": {
			name: "Moritz", email: "moritz@example.com",
			breakIt: func(_ *testing.T, w *world) { w.confirm.refuse = errInjected }, want: kurs.CodeUnavailable,
		},
		"new own address without Redis": {
			name: "Moritz", email: "moritz@example.com",
			breakIt: func(t *testing.T, w *world) { t.Helper(); w.redis.Kill(t) }, want: kurs.CodeUnavailable,
		},
		"without database": {
			name: "Moritz", email: "moritz@example.com",
			breakIt: func(_ *testing.T, w *world) { w.store.down.Store(true) }, want: kurs.CodeUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProduction(t)
			user, ada := w.add(t, "Max", kurs.RoleUser), w.add(t, "Ada", kurs.RoleUser)
			actor := asUser(user)
			if c.actor != nil {
				actor = c.actor(user, ada)
			}
			if c.breakIt != nil {
				c.breakIt(t, w)
			}
			_, err := w.users.Update(t.Context(), actor, user.ID, c.name, c.email)
			wantCode(t, err, c.want)
			if got := w.stored(t, user.ID); got != user {
				t.Errorf("stored is %+v, want %+v", got, user)
			}
			if mails := w.confirm.all(); len(mails) != 0 {
				t.Errorf("confirmations were asked for: %v", mails)
			}
		})
	}
}

func TestUpdateOfAnUnknownUser(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	for name, actor := range map[string]kurs.Actor{
		"demo":          demoActor,
		"administrator": {UserID: 7, Role: kurs.RoleAdmin},
		"itself":        {UserID: 99, Role: kurs.RoleUser},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.users.Update(t.Context(), actor, 99, "Max", "max@example.com")
			wantCode(t, err, kurs.CodeUserNotFound)
		})
	}
}

func TestNewAddressesOfOneUserAreLimited(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	other := w.add(t, "Ada", kurs.RoleUser)
	for i := range 10 {
		if _, err := w.users.Update(t.Context(), asUser(user), user.ID, "Max", "max"+strconv.Itoa(i)+"@example.org"); err != nil {
			t.Fatal(err)
		}
	}
	// Also for a taken address: the answer would tell that it has an account.
	_, err := w.users.Update(t.Context(), asUser(user), user.ID, "Moritz", other.Email)
	wantCode(t, err, kurs.CodeRateLimited)
	if got := w.stored(t, user.ID); got != user {
		t.Errorf("stored is %+v, want %+v", got, user)
	}
	if n := len(w.confirm.all()); n != 10 {
		t.Errorf("%d mails, want 10", n)
	}
	if _, err := w.users.Update(t.Context(), asUser(user), user.ID, "Moritz", user.Email); err != nil {
		t.Errorf("the name alone: %v", err)
	}
	if _, err := w.users.Update(t.Context(), asUser(other), other.ID, "Ada", "ada@example.org"); err != nil {
		t.Errorf("another user: %v", err)
	}
}

// TestUpdateSurvivesFrozenRedis freezes Redis with an old value in it, so
// that the invalidation cannot be confirmed.
func TestUpdateSurvivesFrozenRedis(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.get(t, user.ID)
	w.redis.Freeze(t)
	began := time.Now()
	got, err := w.users.Update(t.Context(), demoActor, user.ID, "Moritz", user.Email)
	if err != nil || got.Name != "Moritz" {
		t.Errorf("got %+v, %v; want Moritz", got, err)
	}
	if read := w.get(t, user.ID).Value; read != got {
		t.Errorf("the next read, still frozen: %+v; want %+v", read, got)
	}
	if took := time.Since(began); took > slack {
		t.Errorf("took %v, want at most %v", took, slack)
	}
	w.redis.Thaw(t)
	if read := w.get(t, user.ID).Value; read != got {
		t.Errorf("the next read, thawed: %+v; want %+v", read, got)
	}
	other := w.newUsers(t)
	eventually(t, "another instance reads the new user", func() bool {
		e, err := other.Get(t.Context(), user.ID)
		return err == nil && e.Value == got
	})
}

// TestLostAnswerOfTheDatabaseInvalidatesToo: the service does not know whether
// the update was committed, and it was.
func TestLostAnswerOfTheDatabaseInvalidatesToo(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	for name, actor := range map[string]kurs.Actor{"at once": demoActor, "name alone": asUser(user)} {
		w.get(t, user.ID)
		w.store.lostAnswer.Store(true)
		_, err := w.users.Update(t.Context(), actor, user.ID, name, user.Email)
		wantCode(t, err, kurs.CodeUnavailable)
		w.store.lostAnswer.Store(false)
		if got := w.get(t, user.ID).Value.Name; got != name {
			t.Errorf("the next read is %q, want %q", got, name)
		}
	}
}

// TestCancelledRequestStillInvalidates: the client is gone between the commit
// and the invalidation.
func TestCancelledRequestStillInvalidates(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	w.get(t, user.ID)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.store.afterUpdate = cancel
	if _, err := w.users.Update(ctx, demoActor, user.ID, "Moritz", user.Email); err != nil {
		t.Fatal(err)
	}
	e, err := w.newUsers(t).Get(t.Context(), user.ID)
	if err != nil || e.Value.Name != "Moritz" {
		t.Errorf("the next read of another instance: %+v, %v; want Moritz", e.Value, err)
	}
}
