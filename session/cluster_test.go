package session_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// In a cluster a session, its successor and its user's epoch lie on different nodes.
func TestEverythingWorksInACluster(t *testing.T) {
	t.Parallel()
	b := newBedOn(t, redistest.StartCluster(t, 3).Client(t), session.Options{})
	for i := range 30 {
		user := fmt.Sprint("user{", i, "}")
		token, s := b.login(t, user)
		if err := b.Touch(t.Context(), aged(b.mustLookup(t, token))); err != nil {
			t.Fatal(err)
		}
		if err := b.Update(t.Context(), s.ID, map[string]string{"a": "b"}); err != nil {
			t.Fatal(err)
		}
		rotated, _, err := b.Rotate(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if s := b.mustLookup(t, rotated); s.Data["a"] != "b" {
			t.Errorf("data = %v", s.Data)
		}
		second, _ := b.login(t, user)
		if err := b.Revoke(t.Context(), token); err != nil { // through the marker
			t.Fatal(err)
		}
		b.mustBeGone(t, rotated)
		b.mustLookup(t, second)
		third, kept := b.login(t, user)
		if err := b.RevokeOthers(t.Context(), kept); err != nil {
			t.Fatal(err)
		}
		b.mustBeGone(t, second)
		b.mustLookup(t, third)
		b.wantIDs(t, user, kept.ID)
		b.advance(t, user, 1)
		b.mustBeGone(t, third)
		second, _ = b.login(t, user)
		b.advance(t, user, 1)
		b.mustLookup(t, second)
		if err := b.RevokeAll(t.Context(), user); err != nil {
			t.Fatal(err)
		}
		b.mustBeGone(t, second)
		if _, _, err := b.Rotate(t.Context(), second); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("rotate = %v, want ErrNotFound", err)
		}
	}
}
