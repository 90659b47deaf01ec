package cache

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

var (
	//go:embed acquire.lua
	acquireSource string
	//go:embed fill.lua
	fillSource string
	//go:embed release.lua
	releaseSource string

	acquireScript = redisx.NewScript(acquireSource)
	fillScript    = redisx.NewScript(fillSource)
	releaseScript = redisx.NewScript(releaseSource)
)

// tier is the exchanges with Redis, each one round trip, bounded by timeout and
// reported to the breaker. It knows bytes and keys, not types.
type tier struct {
	client  rueidis.Client
	timeout time.Duration
	breaker *redisx.Breaker
	tagged  bool          // entries have generations beside them
	tagLife time.Duration // how long a generation must live on
}

// lease is the answer to an attempt to take one.
type lease struct {
	acquired bool
	value    stored        // found: a value is there already
	busy     time.Duration // neither: how long the other's lease lasts at most
}

// claim is what acquire needs to know.
type claim struct {
	target
	token string
	ttl   time.Duration // of the lease
	bad   string        // digest of a value that counts as absent
	least time.Duration // a value that lives no longer counts as absent; 0: each counts
	mark  string        // the present generations of the tags; a value of others counts as absent
}

// acquire takes the lease of a key, unless there is a value or a lease.
func (t *tier) acquire(ctx context.Context, c claim) (lease, error) {
	reply, err := t.run(ctx, acquireScript, t.keysOf(c.target),
		[]string{c.token, millis(c.ttl), c.bad, millis(c.least), c.mark}).ToArray()
	if err != nil {
		return lease{}, fmt.Errorf("take lease: %w", err)
	}
	return parseLease(reply)
}

func parseLease(reply []rueidis.RedisMessage) (lease, error) {
	if len(reply) == 0 {
		return lease{}, errors.New("take lease: empty reply")
	}
	kind, err := reply[0].ToString()
	if err != nil {
		return lease{}, fmt.Errorf("take lease: %w", err)
	}
	switch {
	case kind == "acquired":
		return lease{acquired: true}, nil
	case kind == "busy" && len(reply) == 2:
		ms, err := reply[1].AsInt64()
		if err != nil {
			return lease{}, fmt.Errorf("take lease: %w", err)
		}
		return lease{busy: time.Duration(ms) * time.Millisecond}, nil
	case kind == "value" && len(reply) == 3:
		raw, err := reply[1].AsBytes()
		if err != nil {
			return lease{}, fmt.Errorf("take lease: %w", err)
		}
		ms, err := reply[2].AsInt64()
		if err != nil {
			return lease{}, fmt.Errorf("take lease: %w", err)
		}
		return lease{value: stored{raw: raw, found: true, ttl: lifeOf(ms)}}, nil
	}
	return lease{}, fmt.Errorf("take lease: unknown reply %q", kind)
}

// seize takes the lease away from whoever has it.
func (t *tier) seize(ctx context.Context, name, token string, ttl time.Duration) error {
	rctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	err := t.client.Do(rctx, t.client.B().Set().Key(leaseKey(name)).Value(token).
		PxMilliseconds(wholeMillis(ttl)).Build()).Error()
	t.report(ctx, err)
	if err != nil {
		return fmt.Errorf("seize lease: %w", err)
	}
	return nil
}

// fill stores raw for ttl if the lease still holds token, and reports whether it
// did. With a ttl of zero it removes what is there instead.
func (t *tier) fill(ctx context.Context, to target, token, mark string, raw []byte, ttl time.Duration) (bool, error) {
	n, err := t.run(ctx, fillScript, t.keysOf(to),
		[]string{token, rueidis.BinaryString(raw), millis(ttl), mark}).AsInt64()
	if err != nil {
		return false, fmt.Errorf("fill: %w", err)
	}
	return n == 1, nil
}

// keysOf returns the keys of an entry as the scripts expect them.
func (t *tier) keysOf(to target) []string {
	if len(to.tags) == 0 {
		return []string{to.name, leaseKey(to.name)}
	}
	return []string{to.name, leaseKey(to.name), markKey(to.name)}
}

// release gives a lease back. Where that fails, the lease ends by itself.
func (t *tier) release(ctx context.Context, name, token string) {
	t.run(ctx, releaseScript, []string{leaseKey(name)}, []string{token})
}

// run executes a script, and once more if the connection was lost under it: each
// of them may have been executed already without harm. A lease that was taken by a
// script whose answer was lost would else keep everybody waiting for its end.
func (t *tier) run(ctx context.Context, s *redisx.Script, keys, args []string) rueidis.RedisResult {
	rctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	reply := s.Exec(rctx, t.client, keys, args)
	if redisx.Unavailable(reply.Error()) && rctx.Err() == nil {
		reply = s.Exec(rctx, t.client, keys, args)
	}
	t.report(ctx, reply.Error())
	return reply
}

// remove deletes the values and leases of many keys, or the generations of tags, and returns an error, or nil
// for "confirmed", for each. A key whose command failed for another reason than
// time is tried a second time, because a connection that was lost while idle shows
// with the first command only.
func (t *tier) remove(ctx context.Context, names []string) []error {
	rctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	errs := make([]error, len(names))
	todo := make([]int, len(names))
	for i := range todo {
		todo[i] = i
	}
	for range 2 {
		cmds := make(rueidis.Commands, 0, len(todo))
		for _, i := range todo {
			cmds = append(cmds, t.removal(names[i]))
		}
		var failed []int
		for j, reply := range t.client.DoMulti(rctx, cmds...) {
			if errs[todo[j]] = reply.Error(); errs[todo[j]] != nil {
				failed = append(failed, todo[j])
			}
		}
		if todo = failed; len(todo) == 0 || rctx.Err() != nil {
			break
		}
	}
	for _, err := range errs {
		t.report(ctx, err)
	}
	return errs
}

func (t *tier) removal(name string) rueidis.Completed {
	if name[0] == '{' {
		return t.client.B().Del().Key(name).Build() // a tag's generation
	}
	// One command, and the lease goes with the value: a fill either came before,
	// and is deleted, or comes after, and is refused.
	del := t.client.B().Del().Key(name, leaseKey(name))
	if t.tagged {
		del = del.Key(markKey(name))
	}
	return del.Build()
}

// report tells the breaker how an exchange went. A caller that gave up says
// nothing about Redis.
func (t *tier) report(ctx context.Context, err error) {
	switch {
	case err == nil || rueidis.IsRedisNil(err):
		t.breaker.Success()
	case ended(ctx) == nil:
		t.breaker.Failure(err)
	}
}

// ended is ctx.Err, also in the moment between a deadline and the timer that
// enforces it: rueidis gives the deadline to the connection, which may be faster.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// wholeMillis rounds up, because PX 0 is an error.
func wholeMillis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

func millis(d time.Duration) string { return strconv.FormatInt(wholeMillis(d), 10) }
