package kurs_test

import (
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestOldAddressIsToldOnceTheNewOneIsInForce(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	admin := w.add(t, "Ada", kurs.RoleAdmin)
	if _, err := w.users.Update(t.Context(), asUser(user), user.ID, "Max", "second@example.com"); err != nil {
		t.Fatal(err)
	}
	token := w.beginEmailChange(t, user.ID, "second@example.com")
	w.wantMails(t) // it is not in force
	if _, err := w.accounts.ConfirmEmail(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	w.wantMails(t, `"moved Max \u003cmax@example.com\u003e"`)
	_, err := w.accounts.ConfirmEmail(t.Context(), token)
	wantCode(t, err, kurs.CodeConfirmationFailed)
	w.wantMails(t)

	for _, c := range []struct {
		actor       kurs.Actor
		name, email string
		want        []string
	}{
		{asAdmin(admin), "Moritz", "second@example.com", nil}, // another name alone
		{asAdmin(admin), "Moritz", "third@example.com", []string{`"moved Moritz \u003csecond@example.com\u003e"`}},
		{asAdmin(admin), "Max", "Third@example.com", []string{`"moved Moritz \u003cthird@example.com\u003e"`}},
		{demoActor, "Max", "fourth@example.com", []string{`"moved Max \u003cThird@example.com\u003e"`}},
	} {
		if _, err := w.users.Update(t.Context(), c.actor, user.ID, c.name, c.email); err != nil {
			t.Fatal(err)
		}
		w.wantMails(t, c.want...)
	}
	_, err = w.users.Update(t.Context(), asAdmin(admin), user.ID, "Max", admin.Email)
	wantCode(t, err, kurs.CodeEmailTaken)
	w.wantMails(t)
}
