package session_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

func TestRevokeEveryoneEndsAllSessionsUnderThePrefix(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func() *bed{
		"one server": func() *bed {
			return newBed(t, session.Options{Prefix: redistest.Prefix(t) + `s*[e]?\:`})
		},
		"cluster": func() *bed {
			return newBedOn(t, redistest.StartCluster(t, 3).Client(t), session.Options{Prefix: "session:"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := start()
			neighbour := newBedOn(t, b.client, session.Options{Prefix: "of another application:" + redistest.Prefix(t)})
			stays, _ := neighbour.login(t, "1")
			var tokens []string
			for i := range 200 {
				token, _ := b.login(t, fmt.Sprint("user", i))
				tokens = append(tokens, token)
			}
			late, err := b.Epoch(t.Context(), "user0")
			if err != nil {
				t.Fatal(err)
			}
			if err := b.RevokeEveryone(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, token := range tokens {
				b.mustBeGone(t, token)
			}
			token, _, err := b.tryCreate(t.Context(), "user0", late)
			if err != nil {
				t.Fatal(err)
			}
			b.mustBeGone(t, token)
			b.wantIDs(t, "user0")
			token, _ = b.login(t, "user0")
			b.mustLookup(t, token)
			neighbour.mustLookup(t, stays)
		})
	}
}

// A login that took its epoch before has no session afterwards, wherever the two meet.
func TestLoginRacingRevokeEveryone(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t) // SCAN looks at every key of a server
	b := newBedOn(t, server.Client(t), session.Options{})
	for i := range rounds() / 5 {
		user := fmt.Sprint("user", i%10)
		old, s := b.login(t, user)
		e, err := b.Epoch(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		var token string
		together(
			func() {
				if token, _, err = b.tryCreate(t.Context(), user, e); err != nil {
					t.Error(err)
				}
			},
			func() {
				if err := b.RevokeEveryone(t.Context()); err != nil {
					t.Error(err)
				}
			},
			func() {
				if err := b.RevokeOthers(t.Context(), s); err != nil && !errors.Is(err, session.ErrNotFound) {
					t.Error(err)
				}
			},
		)
		b.mustBeGone(t, token)
		b.mustBeGone(t, old)
	}
	b.checkKeys(t)
}

func TestRevokeEveryoneWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), session.Options{RedisTimeout: 200 * time.Millisecond})
	server.Kill(t)
	if err := b.RevokeEveryone(t.Context()); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
	cluster := redistest.StartCluster(t, 3)
	b = newBedOn(t, cluster.Client(t), session.Options{})
	token, _ := b.login(t, "1")
	cluster.BeginMove(t, 0, cluster.Nodes()[0], cluster.Nodes()[1])
	if err := b.RevokeEveryone(t.Context()); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("while a slot moves: %v, want ErrUnavailable", err)
	}
	cluster.FinishMove(t, 0, cluster.Nodes()[0], cluster.Nodes()[1])
	eventually(t, func() bool { return b.RevokeEveryone(t.Context()) == nil })
	b.mustBeGone(t, token)
}
