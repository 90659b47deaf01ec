package kurs_test

import (
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestChangeOfRoleEndsTheSessions(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	admin, maxi := w.add(t, "Ada", kurs.RoleAdmin), w.add(t, "Max", kurs.RoleUser)
	asAdmin := w.authenticate(t, w.login(t, admin).Token)
	session := w.login(t, maxi).Token

	view, err := w.accounts.ChangeRole(t.Context(), asAdmin, maxi.ID, kurs.RoleUser) // as it is
	if err != nil || view.Role != kurs.RoleUser || view.ID != maxi.ID || !view.HasPassword || view.CreatedAt.IsZero() {
		t.Fatalf("%+v, %v", view, err)
	}
	w.authenticate(t, session)

	if view, err = w.accounts.ChangeRole(t.Context(), asAdmin, maxi.ID, kurs.RoleAdmin); err != nil || view.Role != kurs.RoleAdmin {
		t.Fatalf("%+v, %v", view, err)
	}
	_, err = w.accounts.Authenticate(t.Context(), session)
	wantCode(t, err, kurs.CodeSessionInvalid)
	if actor := w.authenticate(t, w.login(t, maxi).Token); actor.Role != kurs.RoleAdmin {
		t.Errorf("the next login has the role %q", actor.Role)
	}
	if got, err := w.accounts.Account(t.Context(), demoActor, maxi.ID); err != nil || got != view {
		t.Errorf("Account = %+v, %v, want %+v", got, err, view)
	}
	entries, err := w.store.Audit(t.Context(), kurs.AuditQuery{User: maxi.ID, Limit: 100})
	if err != nil || len(entries) == 0 {
		t.Fatal(err)
	}
	changes := 0
	for _, e := range entries {
		if e.Action == kurs.AuditRoleChanged {
			changes++
			if e.Actor != admin.ID || e.Subject != maxi.ID || e.Detail["to"] != "admin" {
				t.Errorf("audit entry %+v", e)
			}
		}
	}
	if changes != 1 {
		t.Errorf("%d entries of a changed role, want 1", changes)
	}
}

func TestLastAdministratorCannotResign(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	ada, maxi := w.add(t, "Ada", kurs.RoleAdmin), w.add(t, "Max", kurs.RoleUser)
	token := w.login(t, ada).Token
	asAda := w.authenticate(t, token)
	_, err := w.accounts.ChangeRole(t.Context(), asAda, ada.ID, kurs.RoleUser)
	wantCode(t, err, kurs.CodeLastAdmin)
	w.authenticate(t, token) // and nothing has ended
	if _, err := w.accounts.ChangeRole(t.Context(), asAda, maxi.ID, kurs.RoleAdmin); err != nil {
		t.Fatal(err)
	}
	if _, err := w.accounts.ChangeRole(t.Context(), asAda, ada.ID, kurs.RoleUser); err != nil {
		t.Fatal(err)
	}
	_, err = w.accounts.Authenticate(t.Context(), token)
	wantCode(t, err, kurs.CodeSessionInvalid)
}

func TestRoleIsChangedByAdministratorsAlone(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	maxi := w.add(t, "Max", kurs.RoleUser)
	for actor, code := range map[kurs.Actor]kurs.Code{
		demoActor: kurs.CodeNoToken, {UserID: maxi.ID, Role: kurs.RoleUser, Demo: true}: kurs.CodeForbidden,
	} {
		_, err := w.accounts.ChangeRole(t.Context(), actor, maxi.ID, kurs.RoleAdmin)
		wantCode(t, err, code)
	}
	admin := kurs.Actor{UserID: 77, Role: kurs.RoleAdmin}
	for _, role := range []kurs.Role{"", "root", "Admin"} {
		_, err := w.accounts.ChangeRole(t.Context(), admin, maxi.ID, role)
		wantInvalid(t, err, kurs.FieldRole)
	}
	_, err := w.accounts.ChangeRole(t.Context(), admin, 12345, kurs.RoleAdmin)
	wantCode(t, err, kurs.CodeUserNotFound)
	for actor, code := range map[kurs.Actor]kurs.Code{{}: kurs.CodeNoToken, {UserID: maxi.ID, Role: kurs.RoleUser}: kurs.CodeForbidden} {
		_, err := w.accounts.Account(t.Context(), actor, maxi.ID)
		wantCode(t, err, code)
	}
}

// Redis learns of it later; the change stands.
func TestNewRoleWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	maxi := w.add(t, "Max", kurs.RoleUser)
	w.redis.Kill(t)
	view, err := w.accounts.ChangeRole(t.Context(), kurs.Actor{UserID: 77, Role: kurs.RoleAdmin}, maxi.ID, kurs.RoleAdmin)
	if err != nil || view.Role != kurs.RoleAdmin {
		t.Errorf("%+v, %v", view, err)
	}
}

// Who may change roles must not be deleted by a slip either. The demo's users are anybody's.
func TestLastAdministratorIsNotDeleted(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	ada, maxi := w.add(t, "Ada", kurs.RoleAdmin), w.add(t, "Max", kurs.RoleAdmin)
	token := w.login(t, ada).Token
	asAda := w.authenticate(t, token)
	if err := w.users.Delete(t.Context(), asAda, maxi.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.users.Delete(t.Context(), asAda, ada.ID), kurs.CodeLastAdmin)
	w.authenticate(t, token) // and nothing has ended
	if got := w.get(t, ada.ID); got.Value.ID != ada.ID {
		t.Errorf("%+v", got)
	}
	if err := w.users.Delete(t.Context(), demoActor, ada.ID); err != nil {
		t.Errorf("in the demo: %v", err)
	}
}

// The session of a former administrator is in some memory still, or its request was under
// way when its role was taken.
func TestFormerAdministratorAppointsNobody(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	ada, maxi, eve := w.add(t, "Ada", kurs.RoleAdmin), w.add(t, "Max", kurs.RoleAdmin), w.add(t, "Eve", kurs.RoleAdmin)
	asAda, asEve := w.authenticate(t, w.login(t, ada).Token), w.authenticate(t, w.login(t, eve).Token)
	if _, err := w.accounts.ChangeRole(t.Context(), asAda, ada.ID, kurs.RoleUser); err != nil {
		t.Fatal(err)
	}
	if err := w.users.Delete(t.Context(), asEve, eve.ID); err != nil {
		t.Fatal(err)
	}
	for _, former := range []kurs.Actor{asAda, asEve} {
		_, err := w.accounts.ChangeRole(t.Context(), former, ada.ID, kurs.RoleAdmin)
		wantCode(t, err, kurs.CodeSessionInvalid)
		_, err = w.accounts.ChangeRole(t.Context(), former, maxi.ID, kurs.RoleUser)
		wantCode(t, err, kurs.CodeSessionInvalid)
	}
	if view, err := w.accounts.Account(t.Context(), demoActor, ada.ID); err != nil || view.Role != kurs.RoleUser {
		t.Errorf("%+v, %v", view, err)
	}
}
