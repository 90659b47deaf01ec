package sessions_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/bench/sessions"
)

// TestContestantsKeepSessions: whoever skips one of these would be faster for it.
func TestContestantsKeepSessions(t *testing.T) {
	t.Parallel()
	for _, c := range sessions.All() {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			s := open(t, c, 0)
			one, two := s.login(t, 1), s.login(t, 2)
			for user, token := range map[int64]string{1: one, 2: two} {
				for range 3 { // from Redis, then perhaps from memory
					if err := s.client(user, token).call(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := s.store.Logout(t.Context(), one); err != nil {
				t.Fatal(err)
			}
			unknown := strings.Repeat("A", len(two))
			for name, token := range map[string]string{"ended": one, "unknown": unknown} {
				p, err := s.store.Visitor(token)(t.Context())
				if err == nil || name == "ended" && !errors.Is(err, sessions.ErrNoSession) {
					t.Errorf("a token that is %s: %+v, %v", name, p, err)
				}
			}
			if err := s.client(2, two).call(t.Context()); err != nil {
				t.Errorf("after the logout of another: %v", err)
			}
		})
	}
}
