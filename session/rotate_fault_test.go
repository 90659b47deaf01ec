package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// The logout carries a token from before a rotation and fails between the marker and
// the session that the marker names. Its repetition must find that session.
func TestRevokeCanBeRepeatedWhenItsSecondHalfFailed(t *testing.T) {
	t.Parallel()
	commands, armed := 0, false
	client := &hooked{Client: redistest.Shared(t).Client(t)}
	client.before = func([]string) error {
		if !armed {
			return nil
		}
		if commands++; commands > 1 {
			return errors.New("the connection broke")
		}
		return nil
	}
	b := newBedOn(t, client, session.Options{})
	warm, _ := b.login(t, "warm-up")
	if err := b.Revoke(t.Context(), warm); err != nil { // the script is loaded
		t.Fatal(err)
	}
	old, _ := b.login(t, "1")
	token, _, err := b.Rotate(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	armed = true
	if err := b.Revoke(t.Context(), old); err == nil || commands != 2 {
		t.Fatalf("revoke: %v after %d commands, want a failure in the second", err, commands)
	}
	armed = false
	b.mustLookup(t, token)
	if err := b.Revoke(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	b.mustBeGone(t, token)
	if n := b.live(t); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}

// TestRotateRunsToItsEndAfterCancellation cancels the caller's context in front of
// each of a rotation's commands.
func TestRotateRunsToItsEndAfterCancellation(t *testing.T) {
	t.Parallel()
	for step := 1; ; step++ {
		commands := 0
		cancel := func() {}
		client := &hooked{Client: redistest.Shared(t).Client(t)}
		client.before = func([]string) error {
			if commands++; commands == step {
				cancel()
			}
			return nil
		}
		b := newBedOn(t, client, session.Options{})
		old, _ := b.login(t, "1")
		commands = 0
		var ctx context.Context
		ctx, cancel = context.WithCancel(t.Context())
		token, _, err := b.Rotate(ctx, old)
		steps := commands
		cancel()
		if err != nil {
			t.Fatalf("cancelled before step %d: %v", step, err)
		}
		b.mustLookup(t, token)
		b.mustBeGone(t, old)
		if steps < step {
			if step < 5 {
				t.Fatalf("only %d steps: the test looks at nothing", steps)
			}
			return
		}
	}
}

// stalling is a client whose command of number stall has no answer within its time.
type stalling struct {
	rueidis.Client
	stall, commands int
}

func (c *stalling) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	if c.commands++; c.commands == c.stall {
		<-ctx.Done()
	}
	return c.Client.Do(ctx, cmd)
}

// The rotation's time is over before the old session is claimed. What it has stored
// by then must go, which takes a time of its own.
func TestRotateThatRanOutOfTimeLeavesNothing(t *testing.T) {
	t.Parallel()
	client := &stalling{Client: redistest.Shared(t).Client(t)}
	b := newBedOn(t, client, session.Options{RedisTimeout: 5 * time.Second})
	warm, _ := b.login(t, "warm-up")
	if _, _, err := b.Rotate(t.Context(), warm); err != nil { // the scripts are loaded
		t.Fatal(err)
	}
	old, s := b.login(t, "1")
	client.commands, client.stall = 0, 4 // session, epoch, new session, claim
	if _, _, err := b.Rotate(t.Context(), old); !errors.Is(err, session.ErrUnavailable) {
		t.Fatalf("rotate: %v, want ErrUnavailable", err)
	}
	client.stall = 0
	b.mustLookup(t, old)
	for key, fields := range b.entries(t) {
		if fields["user_id"] == "1" && key != b.prefix+s.ID {
			t.Errorf("%s was left", key)
		}
	}
}

// A rotation is stopped in front of two of its commands. At the first all other
// sessions are ended, at the second the sessions are listed, which cleans the index.
// The new session is valid and listed all the same.
func TestRevokeOthersAndListBetweenAnyTwoStepsOfRotate(t *testing.T) {
	t.Parallel()
	other := newBed(t, session.Options{})
	for first := 1; first <= 9; first++ {
		for second := first; second <= 9; second++ {
			n, armed := 0, false
			var s *Session
			client := &hooked{Client: redistest.Shared(t).Client(t)}
			client.before = func([]string) error {
				if !armed {
					return nil
				}
				n++
				if n == first {
					if err := other.RevokeOthers(context.Background(), s); err != nil && !errors.Is(err, session.ErrNotFound) {
						t.Error(err)
					}
				}
				if n == second {
					if _, err := other.List(context.Background(), "1"); err != nil {
						t.Error(err)
					}
				}
				return nil
			}
			b := newBedOn(t, client, session.Options{Prefix: other.prefix})
			var old string
			old, s = b.login(t, "1")
			armed = true
			token, rotated, err := b.Rotate(t.Context(), old)
			armed = false
			if err != nil {
				t.Fatalf("steps %d and %d: %v", first, second, err)
			}
			b.mustLookup(t, token)
			b.wantIDs(t, "1", rotated.ID)
			if err := b.Revoke(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
	}
	other.checkKeys(t)
}
