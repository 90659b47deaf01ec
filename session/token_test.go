package session_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

func TestTokensAreLongAndDifferent(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	seen := map[string]bool{}
	for range 100 {
		token, _ := b.login(t, "1")
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(token) {
			t.Fatalf("token %q", token)
		}
		if seen[token] {
			t.Fatal("a token came twice")
		}
		seen[token] = true
	}
}

func TestGarbageTokensNeverReachRedis(t *testing.T) {
	t.Parallel()
	var commands atomic.Int64
	client := &hooked{redistest.Shared(t).Client(t), func([]string) error { commands.Add(1); return nil }}
	b := newBedOn(t, client, session.Options{})
	good := strings.Repeat("A", 43)
	for _, token := range []string{
		"", " ", "*", good[1:], good + "A", good[1:] + "=", good[1:] + "+", good[1:] + "/", good[1:] + "\n",
		good[1:] + "\x00", good[1:] + "\xff", strings.Repeat("ä", 21) + "A", strings.Repeat("A", 1<<20),
	} {
		if _, err := b.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("lookup of %.50q: %v, want ErrNotFound", token, err)
		}
		if _, _, err := b.Rotate(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("rotate of %.50q: %v, want ErrNotFound", token, err)
		}
		if err := b.Revoke(t.Context(), token); err != nil {
			t.Errorf("revoke of %.50q: %v", token, err)
		}
	}
	if n := commands.Load(); n != 0 {
		t.Errorf("%d commands went to Redis", n)
	}
}

func TestPresentedTokenIsNeverAdopted(t *testing.T) {
	t.Parallel()
	b := newBed(t, session.Options{})
	presented := strings.Repeat("Q", 43)
	b.mustBeGone(t, presented)
	token, s := b.login(t, "1")
	if token == presented {
		t.Fatal("the presented token was adopted")
	}
	b.mustBeGone(t, presented)
	b.mustBeGone(t, s.ID[:43]) // nor does the digest let anybody in
}

// No command, key or value carries the token.
func TestTokenIsNowhereInRedis(t *testing.T) {
	t.Parallel()
	var sent strings.Builder
	client := &hooked{Client: redistest.Shared(t).Client(t)}
	client.before = func(command []string) error {
		fmt.Fprintln(&sent, command)
		return nil
	}
	b := newBedOn(t, client, session.Options{Realm: "production"})
	token, s := b.login(t, "1")
	b.mustLookup(t, token)
	if err := b.Touch(t.Context(), aged(s)); err != nil {
		t.Fatal(err)
	}
	if err := b.Update(t.Context(), s.ID, map[string]string{"a": "b"}); err != nil {
		t.Fatal(err)
	}
	second, _, err := b.Rotate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	b.mustLookup(t, second)
	dump := fmt.Sprint(b.entries(t))
	if n := len(b.entries(t)); n != 4 { // session, marker, index, epoch
		t.Errorf("%d keys, want 4: %s", n, dump)
	}
	for _, secret := range []string{token, second} {
		if strings.Contains(dump, secret) || strings.Contains(sent.String(), secret) {
			t.Error("a token is in Redis")
		}
	}
}

func TestTokenOfOneRealmMeansNothingInAnother(t *testing.T) {
	t.Parallel()
	demo := newBed(t, session.Options{Realm: "demo"})
	production := newBedOn(t, demo.client, session.Options{Realm: "production", Prefix: demo.prefix})
	token, _ := demo.login(t, "1")
	production.mustBeGone(t, token)
	if err := production.Revoke(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	demo.mustLookup(t, token)
	if err := production.RevokeAll(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	demo.mustBeGone(t, token) // RevokeAll is about the user, in every realm
}

func TestErrorsCarryNoToken(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	b := newBedOn(t, &hooked{redistest.Shared(t).Client(t), func([]string) error { return broken }}, session.Options{})
	token := strings.Repeat("S", 43)
	_, lookup := b.Lookup(t.Context(), token)
	_, _, rotate := b.Rotate(t.Context(), token)
	for _, err := range []error{lookup, rotate, b.Revoke(t.Context(), token)} {
		if !errors.Is(err, context.Canceled) || errors.Is(err, session.ErrUnavailable) || strings.Contains(err.Error(), token) {
			t.Errorf("error = %v", err)
		}
	}
}
