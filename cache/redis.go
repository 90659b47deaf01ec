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
}

// stored is the answer to the question for one key.
type stored struct {
	raw   []byte
	found bool          // raw may be empty though found
	ttl   time.Duration // remaining life; 0 unknown
	err   error         // Redis cannot be asked, or refuses
}

// read asks for many keys at once, in a cluster one round trip per node.
func (t *tier) read(ctx context.Context, names ...string) []stored {
	rctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	cmds := make(rueidis.Commands, 0, 2*len(names))
	for _, name := range names {
		cmds = append(cmds,
			t.client.B().Get().Key(name).Build(),
			t.client.B().Pttl().Key(name).Build())
	}
	replies := t.client.DoMulti(rctx, cmds...)
	out := make([]stored, len(names))
	for i := range out {
		out[i] = parseRead(replies[2*i], replies[2*i+1])
		t.report(ctx, out[i].err)
	}
	return out
}

func parseRead(get, pttl rueidis.RedisResult) stored {
	raw, err := get.AsBytes()
	if rueidis.IsRedisNil(err) {
		return stored{}
	}
	if isWrongType(err) {
		return stored{found: true} // nothing that decodes
	}
	if err != nil {
		return stored{err: err}
	}
	ms, err := pttl.AsInt64()
	if err != nil {
		return stored{err: err}
	}
	return stored{raw: raw, found: true, ttl: max(0, time.Duration(ms)*time.Millisecond)}
}

func isWrongType(err error) bool {
	reply, ok := rueidis.IsRedisErr(err)
	return ok && len(reply.Error()) >= 9 && reply.Error()[:9] == "WRONGTYPE"
}

// lease is the answer to an attempt to take one.
type lease struct {
	acquired bool
	value    stored        // found: a value is there already
	busy     time.Duration // neither: how long the other's lease lasts at most
}

// acquire takes the lease of a key for ttl, unless there is a value (other than
// the one with digest bad) or a lease.
func (t *tier) acquire(ctx context.Context, name, token, bad string, ttl time.Duration) (lease, error) {
	reply, err := t.run(ctx, acquireScript,
		[]string{name, leaseKey(name)}, []string{token, millis(ttl), bad}).ToArray()
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
		return lease{value: stored{raw: raw, found: true, ttl: max(0, time.Duration(ms)*time.Millisecond)}}, nil
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
func (t *tier) fill(ctx context.Context, name, token string, raw []byte, ttl time.Duration) (bool, error) {
	n, err := t.run(ctx, fillScript, []string{name, leaseKey(name)},
		[]string{token, rueidis.BinaryString(raw), millis(ttl)}).AsInt64()
	if err != nil {
		return false, fmt.Errorf("fill: %w", err)
	}
	return n == 1, nil
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

// remove deletes the values and leases of many keys and returns an error, or nil
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
			// One command, and the lease goes with the value: a fill either came
			// before, and is deleted, or comes after, and is refused.
			cmds = append(cmds, t.client.B().Del().Key(names[i], leaseKey(names[i])).Build())
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
