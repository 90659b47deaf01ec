package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/outbox"
)

// notice stands for the mail that tells an old address.
func notice(before kurs.User) outbox.Task {
	return outbox.Task{Queue: "notices", Type: "moved", Payload: before.Name + " of " + before.Email}
}

// badNotice makes a task that cannot be stored.
func badNotice(kurs.User) outbox.Task { return noJSON() }

// told returns the payloads of the notices in the outbox.
func (t fixture) told() (told []string) {
	t.Helper()
	for _, row := range t.rows() {
		if payload, ok := strings.CutPrefix(row, "task notices moved "); ok {
			told = append(told, payload)
		}
	}
	return told
}

func (t fixture) wantTold(want ...string) {
	t.Helper()
	if got := t.told(); !slices.Equal(got, want) {
		t.Errorf("notices %q, want %q", got, want)
	}
}

var emailNoticeTests = map[string]func(fixture){
	"OldAddressIsToldOnceForEachNewOne": func(t fixture) {
		u := t.create("first@example.com")
		if _, err := t.store.UpdateUser(t.Context(), u.ID, "Max", "second@example.com", notice); err != nil {
			t.Fatal(err)
		}
		t.wantTold(`"Somebody of first@example.com"`)
		t.request(u, "third@example.com", 1)
		if _, err := t.store.RenameUser(t.Context(), u.ID, "Moritz"); err != nil {
			t.Fatal(err)
		}
		if _, err := t.store.ConfirmEmailChange(t.Context(), digest(1), now, notice); err != nil {
			t.Fatal(err)
		}
		t.wantConfirmation(1, now, kurs.ErrConfirmationFailed)
		t.wantTold(`"Somebody of first@example.com"`, `"Moritz of second@example.com"`)
		t.wantUser(kurs.User{ID: u.ID, Name: "Moritz", Email: "third@example.com"})
	},

	// Mail servers may tell the spellings apart, and then they are two people's.
	"AnotherSpellingIsAnotherAddress": func(t fixture) {
		u := t.create("max@example.com")
		if _, err := t.store.UpdateUser(t.Context(), u.ID, "Max", "Max@example.com", notice); err != nil {
			t.Fatal(err)
		}
		t.request(u, "MAX@example.com", 1)
		if _, err := t.store.ConfirmEmailChange(t.Context(), digest(1), now, notice); err != nil {
			t.Fatal(err)
		}
		t.wantTold(`"Somebody of max@example.com"`, `"Max of Max@example.com"`)
	},

	"NobodyIsToldOfWhatDidNotHappen": func(t fixture) {
		t.create("taken@example.com")
		u := t.create("max@example.com")
		got, err := t.store.UpdateUser(t.Context(), u.ID, "Moritz", "max@example.com", notice)
		if want := (kurs.User{ID: u.ID, Name: "Moritz", Email: "max@example.com"}); err != nil || got != want {
			t.Fatalf("UpdateUser = %+v, %v; want %+v", got, err, want)
		}
		t.request(u, "taken@example.com", 1)
		for _, c := range []struct {
			want error
			do   func() (kurs.User, error)
		}{
			{kurs.ErrEmailTaken, func() (kurs.User, error) {
				return t.store.UpdateUser(t.Context(), u.ID, "Max", "TAKEN@example.com", notice)
			}},
			{kurs.ErrUserNotFound, func() (kurs.User, error) {
				return t.store.UpdateUser(t.Context(), missing, "Max", "new@example.com", notice)
			}},
			{kurs.ErrEmailTaken, func() (kurs.User, error) {
				return t.store.ConfirmEmailChange(t.Context(), digest(1), now, notice)
			}},
			{kurs.ErrConfirmationFailed, func() (kurs.User, error) {
				return t.store.ConfirmEmailChange(t.Context(), digest(1), later, notice)
			}},
			{kurs.ErrConfirmationFailed, func() (kurs.User, error) {
				return t.store.ConfirmEmailChange(t.Context(), digest(2), now, notice)
			}},
		} {
			got, err := c.do()
			t.wantError(zeroResult(t, got, err), c.want)
		}
		t.wantTold()
		t.wantUser(got)
	},

	"NoNewAddressWithoutItsNotice": func(t fixture) {
		u := t.create("max@example.com")
		got, err := t.store.UpdateUser(t.Context(), u.ID, "Moritz", "new@example.com", notice, badNotice)
		if zeroResult(t, got, err) == nil {
			t.Error("a notice that has no JSON was stored")
		}
		t.request(u, "new@example.com", 1)
		got, err = t.store.ConfirmEmailChange(t.Context(), digest(1), now, notice, badNotice)
		if zeroResult(t, got, err) == nil {
			t.Error("a notice that has no JSON was stored")
		}
		t.wantUser(u)
		t.wantTold()
		// The code is not used up.
		if _, err := t.store.ConfirmEmailChange(t.Context(), digest(1), now, notice); err != nil {
			t.Error(err)
		}
		t.wantTold(`"Somebody of max@example.com"`)
	},

	// Changes of one user come at the same time, and the contexts of some end at any
	// moment. Each address that was in force and no longer is has been told, once, with
	// the name that it came with.
	"EveryReplacedAddressIsTold": func(t fixture) {
		u := t.create("first@example.com")
		name := func(n int) string { return fmt.Sprintf("Name %d", n) }
		const changes = 30
		errs := make([]error, changes)
		var wg sync.WaitGroup
		for n := range changes {
			wg.Go(func() {
				ctx := t.Context()
				if n%3 == 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Duration(n)*250*time.Microsecond)
					defer cancel()
				}
				_, errs[n] = t.store.UpdateUser(ctx, u.ID, name(n), numbered(n), notice)
			})
		}
		wg.Wait()
		last, err := t.store.User(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		inForce := append(t.told(), fmt.Sprintf("%q", last.Name+" of "+last.Email))
		slices.Sort(inForce)
		if unique := slices.Compact(slices.Clone(inForce)); len(unique) != len(inForce) {
			t.Errorf("told more than once: %q", inForce)
		}
		if !slices.Contains(inForce, `"Somebody of first@example.com"`) {
			t.Errorf("the first address was not told: %q", inForce)
		}
		for n, err := range errs {
			known := slices.Contains(inForce, fmt.Sprintf("%q", name(n)+" of "+numbered(n)))
			if err == nil && !known {
				t.Errorf("%s was in force and was not told", numbered(n))
			}
			if err != nil && !errors.Is(err, kurs.ErrUnavailable) {
				t.Errorf("change %d: %v", n, err)
			}
		}
	},
}
