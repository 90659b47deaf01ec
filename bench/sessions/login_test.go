package sessions_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/sessions"
)

// BenchmarkLogin64 lets users log in from 64 goroutines, each once, and then out.
func BenchmarkLogin64(b *testing.B) {
	perform(b, sessions.Change, 0, func(b *testing.B, s setting) {
		b.Helper()
		s.login(b, 1) // connects
		tokens, took, err := s.logins(*long)
		if err != nil {
			b.Fatalf("%s: %v", s.ID, err)
		}
		b.ReportMetric(float64(took.Nanoseconds())/float64(len(tokens)), sessions.PerLogin)
		if err := s.sample(tokens, nil); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if err := each(len(tokens), func(i int) error {
			return s.store.Logout(context.Background(), tokens[i].token)
		}); err != nil {
			b.Fatalf("%s: logout: %v", s.ID, err)
		}
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(len(tokens)), sessions.PerLogout)
		if err := s.sample(tokens, sessions.ErrNoSession); err != nil {
			b.Fatal(err)
		}
	})
}

type held struct {
	user  int64
	token string
}

// logins lets users log in until the time is over.
func (s setting) logins(long time.Duration) ([]held, time.Duration, error) {
	const goroutines = 64
	var made [goroutines][]held
	start := time.Now()
	err := together(goroutines, func(g int) error {
		for user := int64(g + 2); len(made[g]) == 0 || time.Since(start) < long; user += goroutines {
			token, err := s.store.Login(context.Background(), sessions.NewProfile(user))
			if err != nil {
				return err
			}
			made[g] = append(made[g], held{user, token})
		}
		return nil
	})
	took := time.Since(start)
	var all []held
	for _, m := range made {
		all = append(all, m...)
	}
	return all, took, err
}

// sample looks at a hundred of the sessions, whether they are there or fail as wanted.
func (s setting) sample(all []held, want error) error {
	for i := 0; i < len(all); i += len(all)/100 + 1 {
		if err := s.client(all[i].user, all[i].token).call(context.Background()); !errors.Is(err, want) {
			return fmt.Errorf("%s: session of user %d: %v, want %v", s.ID, all[i].user, err, want) //nolint:errorlint // either may be nil
		}
	}
	return nil
}
