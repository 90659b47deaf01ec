package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// audit returns the audit log, the oldest entry first, as "action subject detail by
// actor from address with agent", with what is empty left out.
func (t fixture) audit() []string {
	t.Helper()
	entries, err := t.store.Audit(t.Context(), kurs.AuditQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range slices.Backward(entries) {
		line := fmt.Sprintf("%s %d", e.Action, e.Subject)
		if len(e.Detail) > 0 {
			line += fmt.Sprintf(" %v", e.Detail)
		}
		if e.Actor != 0 {
			line += fmt.Sprintf(" by %d", e.Actor)
		}
		if e.ClientAddress+e.UserAgent != "" {
			line += " from " + e.ClientAddress + " with " + e.UserAgent
		}
		all = append(all, line)
	}
	return all
}

// wantAudit fails unless the entries since then are these.
func (t fixture) wantAudit(what string, since int, want ...string) {
	t.Helper()
	if got := t.audit()[since:]; !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

var auditTests = map[string]func(fixture){
	"EveryChangeOfAnAccountIsTakenDown": func(t fixture) {
		ctx := kurs.WithOrigin(t.Context(), kurs.Origin{Actor: 77, ClientAddress: "192.0.2.1", UserAgent: "curl/8 \x00 '\"\xff"})
		const from = " by 77 from 192.0.2.1 with curl/8  '\""
		u, err := t.store.CreateUser(ctx, kurs.NewAccount{Name: "Max", Email: "max@example.com", Role: kurs.RoleUser})
		if err != nil {
			t.Fatal(err)
		}
		t.wantAudit("CreateUser", 0, fmt.Sprintf("registered %d", u.ID)+from)
		for _, step := range []struct {
			name string
			want string
			do   func() error
		}{
			{"UpdateUser", "user_changed %d map[fields:[name email]]", func() error {
				_, err := t.store.UpdateUser(ctx, u.ID, "Moritz", "moritz@example.com")
				return err
			}},
			{"UpdateUser to the same", "", func() error {
				_, err := t.store.UpdateUser(ctx, u.ID, "Moritz", "moritz@example.com")
				return err
			}},
			{"RenameUser", "user_changed %d map[fields:[name]]", func() error { _, err := t.store.RenameUser(ctx, u.ID, "Max"); return err }},
			{"SetRole", "role_changed %d map[from:user to:admin]", func() error { return t.store.SetRole(ctx, u.ID, kurs.RoleAdmin) }},
			{"SetRole to the same", "", func() error { return t.store.SetRole(ctx, u.ID, kurs.RoleAdmin) }},
			{"ReplacePasswordHash", "", func() error { _, err := t.store.ReplacePasswordHash(ctx, u.ID, "", "better"); return err }},
			{"ChangePassword", "password_changed %d", func() error {
				_, err := t.store.ChangePassword(ctx, u.ID, "better", "other", greeting)
				return err
			}},
			{"ChangePassword in vain", "", func() error { _, err := t.store.ChangePassword(ctx, u.ID, "better", "other"); return err }},
			{"SetPasswordReset", "", func() error {
				return t.store.SetPasswordReset(ctx, kurs.PasswordReset{UserID: u.ID, ExpiresAt: later}, digest(1))
			}},
			{"ResetPassword", "password_changed %d", func() error { _, err := t.store.ResetPassword(ctx, digest(1), now, "third"); return err }},
			{"SetEmailChange", "", func() error {
				return t.store.SetEmailChange(ctx, kurs.EmailChange{UserID: u.ID, NewEmail: "new@example.com", ExpiresAt: later}, digest(2))
			}},
			{"ConfirmEmailChange", "user_changed %d map[fields:[email]]", func() error { _, err := t.store.ConfirmEmailChange(ctx, digest(2), now); return err }},
			{"DeleteUser", "user_deleted %d", func() error { return t.store.DeleteUser(ctx, u.ID) }},
		} {
			since := len(t.audit())
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if step.want == "" {
				t.wantAudit(step.name, since)
			} else {
				t.wantAudit(step.name, since, fmt.Sprintf(step.want, u.ID)+from)
			}
		}
		// Nothing in it names a person.
		if all := strings.Join(t.audit(), "\n"); strings.Contains(all, "@") || strings.Contains(all, "Max") || strings.Contains(all, "other") {
			t.Errorf("the audit log says too much:\n%s", all)
		}
	},

	"ChangesOfNobodyInParticularAreTheDatabases": func(t fixture) {
		u := t.create("max@example.com")
		if err := t.store.SetRole(t.Context(), u.ID, kurs.RoleAdmin); err != nil {
			t.Fatal(err)
		}
		code := kurs.WithOrigin(t.Context(), kurs.Origin{By: kurs.ByCode})
		if _, err := t.store.RenameUser(code, u.ID, "Max"); err != nil {
			t.Fatal(err)
		}
		if _, err := t.store.RenameUser(t.Context(), u.ID, "Moritz"); err != nil { // nobody's origin is left behind
			t.Fatal(err)
		}
		t.wantAudit("all", 0, fmt.Sprintf("registered %d map[by:database]", u.ID),
			fmt.Sprintf("role_changed %d map[by:database from:user to:admin]", u.ID),
			fmt.Sprintf("user_changed %d map[by:code fields:[name]]", u.ID),
			fmt.Sprintf("user_changed %d map[by:database fields:[name]]", u.ID))
	},

	"ChangesThatFailAreNotTakenDown": func(t fixture) {
		ctx := kurs.WithOrigin(t.Context(), kurs.Origin{Actor: 77})
		u, other := t.create("max@example.com"), t.create("other@example.com")
		since := len(t.audit())
		_, err := t.store.CreateUser(ctx, kurs.NewAccount{Name: "A", Email: u.Email, Role: kurs.RoleUser})
		t.wantError(err, kurs.ErrEmailTaken)
		_, err = t.store.UpdateUser(ctx, u.ID, "Max", other.Email)
		t.wantError(err, kurs.ErrEmailTaken)
		if _, err := t.store.ChangePassword(ctx, u.ID, "", "next", noJSON()); err == nil {
			t.Error("a task that has no JSON was stored")
		}
		for _, c := range calls {
			t.wantError(c.do(ctx, t.store, missing), kurs.ErrUserNotFound)
		}
		t.wantAudit("failures", since)
		if err := t.store.SetRole(t.Context(), u.ID, kurs.RoleAdmin); err != nil {
			t.Fatal(err)
		}
		t.wantAudit("a later change", since, fmt.Sprintf("role_changed %d map[by:database from:user to:admin]", u.ID))
	},

	"EntriesComeBackAsTheyWere": func(t fixture) {
		at := time.Date(2030, 5, 1, 12, 0, 0, 123456000, time.UTC)
		want := kurs.AuditEntry{
			At: at, Action: kurs.AuditLoginFailed, Actor: 1, Subject: 2, ClientAddress: "2001:db8::/64", UserAgent: "Zoë's \\browser\\ {}",
			Detail: map[string]any{"by": "code"},
		}
		if err := t.store.AddAudit(t.Context(), want, kurs.AuditEntry{At: at, Action: kurs.AuditLoggedOut}); err != nil {
			t.Fatal(err)
		}
		got, err := t.store.Audit(t.Context(), kurs.AuditQuery{Limit: 10})
		if err != nil || len(got) != 2 || got[0].ID <= got[1].ID {
			t.Fatalf("Audit = %+v, %v", got, err)
		}
		want.ID = got[1].ID
		if fmt.Sprintf("%+v", got[1]) != fmt.Sprintf("%+v", want) {
			t.Errorf("got %+v, want %+v", got[1], want)
		}
		if e := got[0]; e.Actor != 0 || e.Subject != 0 || e.Detail != nil || !e.At.Equal(at) {
			t.Errorf("an empty entry is %+v", e)
		}
		if err := t.store.AddAudit(t.Context()); err != nil {
			t.Errorf("no entries: %v", err)
		}
	},

	"EntriesComeInPages": func(t fixture) {
		var entries []kurs.AuditEntry
		for n := range int64(10) {
			entries = append(entries, kurs.AuditEntry{At: now, Action: kurs.AuditLoginFailed, Subject: 1 + n%2, Actor: 3 * (n % 2 * (n % 3 % 2))})
		}
		if err := t.store.AddAudit(t.Context(), entries...); err != nil {
			t.Fatal(err)
		}
		count := func(q kurs.AuditQuery) (n int) {
			for last := int64(1 << 62); ; {
				page, err := t.store.Audit(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range page {
					if e.ID >= last {
						t.Fatalf("entry %d after %d", e.ID, last)
					}
					last = e.ID
				}
				if n += len(page); len(page) == 0 {
					return n
				}
				q.Before = last
			}
		}
		for _, c := range []struct {
			user int64
			want int
		}{{0, 10}, {1, 5}, {2, 5}, {3, 2}, {4, 0}} {
			if got := count(kurs.AuditQuery{User: c.user, Limit: 3}); got != c.want {
				t.Errorf("%d entries of user %d, want %d", got, c.user, c.want)
			}
		}
	},

	"EntriesOfSomeActions": func(t fixture) {
		for n, action := range []kurs.AuditAction{
			kurs.AuditLoggedOut, kurs.AuditLoginFailed, kurs.AuditLoginSucceeded, kurs.AuditLoginFailed, kurs.AuditLoggedOut,
		} {
			if err := t.store.AddAudit(t.Context(), kurs.AuditEntry{At: now, Action: action, Subject: int64(1 + n%2)}); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			q    kurs.AuditQuery
			want string
		}{
			{kurs.AuditQuery{Limit: 9}, "logged_out 1, login_failed 2, login_succeeded 1, login_failed 2, logged_out 1"},
			{kurs.AuditQuery{Limit: 9, Actions: []kurs.AuditAction{}}, "logged_out 1, login_failed 2, login_succeeded 1, login_failed 2, logged_out 1"},
			{kurs.AuditQuery{Limit: 9, Actions: []kurs.AuditAction{kurs.AuditLoginFailed}}, "login_failed 2, login_failed 2"},
			{kurs.AuditQuery{Limit: 2, Actions: []kurs.AuditAction{kurs.AuditLoggedOut, kurs.AuditLoginSucceeded}}, "logged_out 1, login_succeeded 1"},
			{kurs.AuditQuery{Limit: 9, User: 1, Actions: []kurs.AuditAction{kurs.AuditLoginFailed, kurs.AuditLoggedOut}}, "logged_out 1, logged_out 1"},
			{kurs.AuditQuery{Limit: 9, Actions: []kurs.AuditAction{kurs.AuditRoleChanged}}, ""},
			{kurs.AuditQuery{Limit: 9, Actions: []kurs.AuditAction{"login", "%", "]", `"`, "", "login_failed,logged_out"}}, ""},
		} {
			entries, err := t.store.Audit(t.Context(), c.q)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range entries {
				got = append(got, fmt.Sprintf("%s %d", e.Action, e.Subject))
			}
			if got := strings.Join(got, ", "); got != c.want {
				t.Errorf("%+v: %q, want %q", c.q, got, c.want)
			}
		}
		// What comes next is what comes next of these.
		failed := []kurs.AuditAction{kurs.AuditLoginFailed}
		first, err := t.store.Audit(t.Context(), kurs.AuditQuery{Limit: 1, Actions: failed})
		if err != nil || len(first) != 1 {
			t.Fatalf("%+v, %v", first, err)
		}
		rest, err := t.store.Audit(t.Context(), kurs.AuditQuery{Limit: 9, Before: first[0].ID, Actions: failed})
		if err != nil || len(rest) != 1 || rest[0].Action != kurs.AuditLoginFailed {
			t.Errorf("after the first: %+v, %v", rest, err)
		}
	},

	"OldEntriesGoInBatches": func(t fixture) {
		for n := range 7 {
			if err := t.store.AddAudit(t.Context(), kurs.AuditEntry{At: now.Add(time.Duration(n) * time.Hour), Action: kurs.AuditLoggedOut}); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []int{2, 2, 1, 0} {
			if n, err := t.store.SweepAudit(t.Context(), now.Add(5*time.Hour), 2); err != nil || n != want {
				t.Fatalf("SweepAudit = %d, %v; want %d", n, err, want)
			}
		}
		left, err := t.store.Audit(t.Context(), kurs.AuditQuery{Limit: 10})
		if err != nil || len(left) != 2 || !left[1].At.Equal(now.Add(5*time.Hour)) {
			t.Errorf("left are %+v (%v)", left, err)
		}
	},
}
