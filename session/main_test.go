package session_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		os.Exit(childMain())
	}
	goleak.VerifyTestMain(m, redistest.IgnoreLeaks()...)
}

// long asks for more rounds.
func long() bool { return os.Getenv("SPEEDLAYER_LONG") != "" }

// rounds is how often each race is run.
func rounds() int {
	if long() {
		return 20_000
	}
	return 1000
}

// Session is what most tests work with.
type Session = session.Session[string, map[string]string]

// bed is a manager on a real Redis under a prefix of its own.
type bed struct {
	*session.Manager[string, map[string]string]
	client rueidis.Client
	prefix string
	o      session.Options
}

// newBed gives calls to Redis more time than the default: the machine that runs the
// tests may be busy.
func newBed(tb testing.TB, o session.Options) *bed {
	tb.Helper()
	return newBedOn(tb, redistest.Shared(tb).Client(tb), o)
}

func newBedOn(tb testing.TB, client rueidis.Client, o session.Options) *bed {
	tb.Helper()
	if o.Prefix == "" {
		o.Prefix = redistest.Prefix(tb) + "session:"
	}
	if o.LocalBytes == 0 { // most tests change Redis by hand, and look at once
		o.LocalBytes = -1
	}
	if o.RedisTimeout == 0 {
		o.RedisTimeout = 20 * time.Second
	}
	b := &bed{Manager: session.New[string, map[string]string](client, o), client: client, prefix: o.Prefix, o: o}
	tb.Cleanup(b.Close)
	return b
}

func (b *bed) login(tb testing.TB, user string) (string, *Session) {
	tb.Helper()
	token, s, err := b.tryLogin(tb.Context(), user)
	if err != nil {
		tb.Fatalf("login: %v", err)
	}
	return token, s
}

func (b *bed) tryLogin(ctx context.Context, user string) (string, *Session, error) {
	epoch, err := b.Epoch(ctx, user)
	if err != nil {
		return "", nil, err
	}
	return b.tryCreate(ctx, user, epoch)
}

func (b *bed) tryCreate(ctx context.Context, user string, epoch session.Epoch) (string, *Session, error) {
	return b.Create(ctx, user, epoch, map[string]string{"name": "Max", "email": "max@example.com"})
}

func (b *bed) mustLookup(tb testing.TB, token string) *Session {
	tb.Helper()
	s, err := b.Lookup(tb.Context(), token)
	if err != nil {
		tb.Fatalf("lookup: %v", err)
	}
	return s
}

func (b *bed) mustBeGone(tb testing.TB, token string) {
	tb.Helper()
	if s, err := b.Lookup(tb.Context(), token); !errors.Is(err, session.ErrNotFound) {
		tb.Fatalf("lookup = %+v, %v; want ErrNotFound", s, err)
	}
}

func (b *bed) do(tb testing.TB, args ...string) rueidis.RedisResult {
	tb.Helper()
	r := b.client.Do(tb.Context(), b.client.B().Arbitrary(args[0]).Args(args[1:]...).Build())
	if err := r.Error(); err != nil && !rueidis.IsRedisNil(err) {
		tb.Fatalf("%s: %v", args[0], err)
	}
	return r
}

func (b *bed) integer(tb testing.TB, args ...string) int64 {
	tb.Helper()
	n, err := b.do(tb, args...).AsInt64()
	if err != nil {
		tb.Fatalf("%v: %v", args, err)
	}
	return n
}

func (b *bed) pttl(tb testing.TB, s *Session) time.Duration {
	tb.Helper()
	return time.Duration(b.integer(tb, "PTTL", b.prefix+s.ID)) * time.Millisecond
}

// age makes a session look as it will after d without a request: everything that
// Redis stores about its times moves into the past.
func (b *bed) age(tb testing.TB, s *Session, d time.Duration) {
	tb.Helper()
	key := b.prefix + s.ID
	for _, field := range []string{"_created", "_seen", "_expires"} {
		b.do(tb, "HINCRBY", key, field, strconv.FormatInt(-d.Milliseconds(), 10))
	}
	b.do(tb, "PEXPIRE", key, strconv.FormatInt((b.pttl(tb, s)-d).Milliseconds(), 10))
}

// entries returns the content of every key of the bed: a hash as its fields, a
// string under the field "", anything else as nothing.
func (b *bed) entries(tb testing.TB) map[string]map[string]string {
	tb.Helper()
	found := map[string]map[string]string{}
	for _, node := range b.client.Nodes() {
		b.entriesOf(tb, node, found)
	}
	return found
}

func (b *bed) entriesOf(tb testing.TB, node rueidis.Client, found map[string]map[string]string) {
	tb.Helper()
	for cursor := uint64(0); ; {
		e, err := node.Do(tb.Context(), node.B().Scan().Cursor(cursor).Match(b.prefix+"*").Count(1000).Build()).AsScanEntry()
		if err != nil {
			tb.Fatal(err)
		}
		for _, key := range e.Elements {
			if fields, err := b.client.Do(tb.Context(), b.client.B().Hgetall().Key(key).Build()).AsStrMap(); err == nil {
				found[key] = fields
			} else if text, err := b.client.Do(tb.Context(), b.client.B().Get().Key(key).Build()).ToString(); err == nil {
				found[key] = map[string]string{"": text}
			} else {
				found[key] = nil
			}
		}
		if cursor = e.Cursor; cursor == 0 {
			return
		}
	}
}

// faults returns what is wrong with the keys in Redis: one without TTL, or a hash
// that is neither a whole session nor a marker.
func (b *bed) faults(tb testing.TB) []string {
	tb.Helper()
	var faults []string
	for key, fields := range b.entries(tb) {
		if b.integer(tb, "PTTL", key) == -1 {
			faults = append(faults, key+" has no TTL")
		}
		if _, ok := fields["_next"]; ok || len(fields) == 0 || len(key) != len(b.prefix)+64 {
			continue
		}
		for _, name := range []string{"user_id", "name", "email", "_epoch", "_created", "_seen", "_expires", "_idle"} {
			if fields[name] == "" {
				faults = append(faults, key+" has no "+name)
			}
		}
	}
	return faults
}

func (b *bed) checkKeys(tb testing.TB) {
	tb.Helper()
	for _, fault := range b.faults(tb) {
		tb.Error(fault)
	}
}

// live counts the sessions in Redis.
func (b *bed) live(tb testing.TB) int {
	tb.Helper()
	n := 0
	for _, fields := range b.entries(tb) {
		if fields["user_id"] != "" {
			n++
		}
	}
	return n
}

func (b *bed) epochOf(tb testing.TB, s *Session) string {
	tb.Helper()
	epoch, err := b.do(tb, "GET", b.prefix+"epoch:"+s.UserID).ToString()
	if err != nil {
		tb.Fatal(err)
	}
	return epoch
}

func millis(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }

// together runs functions at the same time and waits for them.
func together(fs ...func()) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for _, f := range fs {
		wg.Go(func() {
			<-start
			f()
		})
	}
	close(start)
	wg.Wait()
}

// hooked is a client that calls before in front of each command.
type hooked struct {
	rueidis.Client
	before func(command []string) error
}

func (h *hooked) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	if err := h.before(cmd.Commands()); err != nil {
		return h.Client.Do(canceled(), cmd)
	}
	return h.Client.Do(ctx, cmd)
}

// canceled returns a context that ends a command before it is sent.
func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// bothTiers runs a test on a manager that asks Redis every time, and on one that keeps
// sessions in memory.
func bothTiers(t *testing.T, o session.Options, test func(*testing.T, *bed)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, newBed(t, o))
	})
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		test(t, newLocalBed(t, o))
	})
}

// newLocalBed is newBed with a local tier that is ready.
func newLocalBed(tb testing.TB, o session.Options) *bed {
	tb.Helper()
	o.LocalBytes = 1 << 20
	o.MaxStaleness = 20 * time.Second // a busy machine must not lose the tier
	b := newBed(tb, o)
	b.awaitLocal(tb)
	return b
}

func (b *bed) awaitLocal(tb testing.TB) {
	tb.Helper()
	eventually(tb, func() bool { return b.Stats().LocalReady })
}
