package storetest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/outbox"
)

// greeting stands for the welcome mail.
var greeting = outbox.Task{Queue: "greetings", Type: "hello", Payload: map[string]string{"to": "max <&> Zoë"}}

const greetingRow = `task greetings hello {"to":"max \u003c\u0026\u003e Zoë"}`

// wantTasks fails unless the outbox holds so many greetings.
func (t fixture) wantTasks(want int) {
	t.Helper()
	n := 0
	for _, row := range t.rows() {
		if strings.HasPrefix(row, "task ") {
			n++
			if row != greetingRow {
				t.Errorf("task %s, want %s", row, greetingRow)
			}
		}
	}
	if n != want {
		t.Errorf("%d tasks in the outbox, want %d", n, want)
	}
}

// wantNews fails unless what came into the outbox since says that these users have to
// be forgotten, and all pages, and that those users' sessions may have to end.
func (t fixture) wantNews(since int, ids []int64, sessions ...int64) {
	t.Helper()
	want := map[string]bool{}
	for _, id := range ids {
		want["invalidate "+kurs.OutboxUsers+" "+strconv.FormatInt(id, 10)] = true
	}
	if len(ids) > 0 {
		want["invalidate_tag "+kurs.OutboxPages+" all"] = true
	}
	for _, id := range sessions {
		want["invalidate "+kurs.OutboxSessions+" "+strconv.FormatInt(id, 10)] = true
	}
	rows := t.rows()[since:]
	for row := range want {
		if !slices.Contains(rows, row) {
			t.Errorf("%q is missing in %q", row, rows)
		}
	}
	for _, row := range rows {
		if !want[row] {
			t.Errorf("nobody asked for %q", row)
		}
	}
}

var outboxTests = map[string]func(fixture){
	"UserAndTasksComeTogether": func(t fixture) {
		account := kurs.NewAccount{Name: "Max", Email: "max@example.com", Role: kurs.RoleUser}
		if _, err := t.store.CreateUser(t.Context(), account, greeting, greeting); err != nil {
			t.Fatal(err)
		}
		t.wantTasks(2)
	},

	"NoTaskWithoutItsUser": func(t fixture) {
		t.create("max@example.com")
		_, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Max", Email: "Max@example.com", Role: kurs.RoleUser}, greeting)
		t.wantError(err, kurs.ErrEmailTaken)
		_, err = t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Max", Email: "moritz@example.com", Role: "root"}, greeting)
		if err == nil {
			t.Error("an unknown role was stored")
		}
		t.wantTasks(0)
	},

	"NoUserWithoutItsTask": func(t fixture) {
		bad := outbox.Task{Queue: "greetings", Payload: func() {}}
		u, err := t.store.CreateUser(t.Context(), kurs.NewAccount{Name: "Max", Email: "max@example.com", Role: kurs.RoleUser}, greeting, bad)
		if zeroResult(t, u, err) == nil {
			t.Error("a task that has no JSON was stored")
		}
		t.wantNoAddress("max@example.com")
		t.wantTasks(0)
		t.create("max@example.com") // nothing is locked any more
	},

	// Contexts end at any moment; afterwards there are as many tasks as users.
	"CancelledRegistrationsLeaveNoHalves": func(t fixture) {
		var wg sync.WaitGroup
		for n := range 40 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*250*time.Microsecond)
				defer cancel()
				_, _ = t.store.CreateUser(ctx, kurs.NewAccount{Name: "Max", Email: numbered(n), Role: kurs.RoleUser}, greeting)
			})
		}
		wg.Wait()
		users, err := t.store.Users(t.Context(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		t.wantTasks(len(users))
	},

	"EveryChangeThatShowsIsTold": func(t fixture) {
		since := len(t.rows())
		u := t.create("max@example.com")
		t.wantNews(since, []int64{u.ID})
		other := t.create("moritz@example.com")
		step := func(what string, told, sessions []int64, do func() error) {
			t.Helper()
			since := len(t.rows())
			if err := do(); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			t.wantNews(since, told, sessions...)
		}
		changed := []int64{u.ID}
		step("UpdateUser", changed, nil, func() error {
			_, err := t.store.UpdateUser(t.Context(), u.ID, "Maximilian", "maximilian@example.com")
			return err
		})
		step("UpdateUser to the same", nil, nil, func() error {
			_, err := t.store.UpdateUser(t.Context(), u.ID, "Maximilian", "maximilian@example.com")
			return err
		})
		step("RenameUser", changed, nil, func() error { _, err := t.store.RenameUser(t.Context(), u.ID, "Max"); return err })
		step("SetRole", nil, changed, func() error { return t.store.SetRole(t.Context(), u.ID, kurs.RoleAdmin) })
		step("SetRole to the same", nil, nil, func() error { return t.store.SetRole(t.Context(), u.ID, kurs.RoleAdmin) })
		step("ReplacePasswordHash", nil, nil, func() error {
			_, err := t.store.ReplacePasswordHash(t.Context(), u.ID, "", "next")
			return err
		})
		step("SetEmailChange", nil, nil, func() error {
			return t.store.SetEmailChange(t.Context(), kurs.EmailChange{UserID: u.ID, NewEmail: "new@example.com", ExpiresAt: later}, digest(1))
		})
		step("ConfirmEmailChange", changed, nil, func() error { _, err := t.store.ConfirmEmailChange(t.Context(), digest(1), now); return err })
		step("DeleteUser", []int64{other.ID}, []int64{other.ID}, func() error { return t.store.DeleteUser(t.Context(), other.ID) })
	},
}
