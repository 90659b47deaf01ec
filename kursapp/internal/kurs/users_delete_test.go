package kurs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/session"
)

func TestDeleteEndsTheUserAndItsSessions(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user, ada := w.add(t, "Max", kurs.RoleUser), w.add(t, "Ada", kurs.RoleUser)
	first, second, others := w.login(t, user), w.login(t, user), w.login(t, ada)
	w.get(t, user.ID)

	if err := w.users.Delete(t.Context(), asUser(user), user.ID); err != nil {
		t.Fatal(err)
	}
	_, err := w.users.Get(t.Context(), user.ID)
	wantCode(t, err, kurs.CodeUserNotFound)
	for _, s := range []kurs.LoginResult{first, second} {
		_, err := w.accounts.Authenticate(t.Context(), s.Token)
		wantCode(t, err, kurs.CodeSessionInvalid)
		// They have ended in Redis too, not only because the account is gone.
		if _, err := w.sessions.Lookup(t.Context(), s.Token); err == nil {
			t.Error("the session is still in Redis")
		}
	}
	if actor := w.authenticate(t, others.Token); actor.UserID != ada.ID {
		t.Errorf("the other user's session belongs to %d, want %d", actor.UserID, ada.ID)
	}
	wantCode(t, w.users.Delete(t.Context(), demoActor, user.ID), kurs.CodeUserNotFound)
}

// TestCancelledDeleteStillEndsTheSessions has the client go away when the row
// is gone: what follows must not go with it.
func TestCancelledDeleteStillEndsTheSessions(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s := w.login(t, user)
	w.get(t, user.ID)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.store.afterDelete = cancel
	if err := w.users.Delete(ctx, asUser(user), user.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sessions.Lookup(t.Context(), s.Token); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("the session has not ended in Redis: %v", err)
	}
	_, err := w.users.Get(t.Context(), user.ID)
	wantCode(t, err, kurs.CodeUserNotFound)
}

func TestRefusedDeleteDeletesNothing(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user, ada := w.add(t, "Max", kurs.RoleUser), w.add(t, "Ada", kurs.RoleUser)
	wantCode(t, w.users.Delete(t.Context(), kurs.Actor{Anonymous: true}, user.ID), kurs.CodeNoToken)
	wantCode(t, w.users.Delete(t.Context(), asUser(ada), user.ID), kurs.CodeForbidden)
	w.store.down.Store(true)
	wantCode(t, w.users.Delete(t.Context(), asAdmin(ada), user.ID), kurs.CodeUnavailable)
	if got := w.stored(t, user.ID); got != user {
		t.Errorf("stored is %+v, want %+v", got, user)
	}
}

// TestDeleteWithoutRedis deletes while the user's session and cache entry lie
// in a Redis that cannot be reached, and gets them back afterwards.
func TestDeleteWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s := w.login(t, user)
	w.get(t, user.ID)
	w.redis.Freeze(t)
	began := time.Now()
	if err := w.users.Delete(t.Context(), demoActor, user.ID); err != nil {
		t.Errorf("delete: %v", err)
	}
	if took := time.Since(began); took > slack {
		t.Errorf("took %v, want at most %v", took, slack)
	}
	w.redis.Thaw(t)
	// The frozen server may run the revocation now, or not at all: then the outbox
	// repeats it.
	w.tellSessions(t)
	eventually(t, "sessions can be looked up again", func() bool {
		_, err := w.accounts.Authenticate(t.Context(), s.Token)
		return kurs.CodeOf(err) == kurs.CodeSessionInvalid
	})
	_, err := w.users.Get(t.Context(), user.ID)
	wantCode(t, err, kurs.CodeUserNotFound)
}

// TestSessionOfADeletedAccountIsDead deletes the row by hand: the outbox tells Redis.
func TestSessionOfADeletedAccountIsDead(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s := w.login(t, user)
	if err := w.store.DeleteUser(t.Context(), user.ID); err != nil {
		t.Fatal(err)
	}
	w.tellSessions(t)
	w.wantEnded(t, s.Token)
	// Nor does its id come back with the next account.
	if next := w.add(t, "Ada", kurs.RoleUser); next.ID == user.ID {
		t.Fatalf("id %d was used again", next.ID)
	}
	w.wantEnded(t, s.Token)
}

func TestDeleteWhoseAnswerWasLostForgetsTheUser(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	user := w.add(t, "Max", kurs.RoleUser)
	s := w.login(t, user)
	w.get(t, user.ID)
	w.store.lostAnswer.Store(true)
	wantCode(t, w.users.Delete(t.Context(), demoActor, user.ID), kurs.CodeUnavailable)
	_, err := w.users.Get(t.Context(), user.ID)
	wantCode(t, err, kurs.CodeUserNotFound)
	w.tellSessions(t)
	w.wantEnded(t, s.Token)
}
