package compare

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

// checkTimeout bounds the look whether a comparison can begin at all.
const checkTimeout = 5 * time.Second

var (
	errCancelled = errors.New("compare: cancelled")
	errClosed    = errors.New("compare: the server is stopping")
)

// Options are the options of [NewRunner].
type Options struct {
	// Store is the database. Required.
	Store kurs.UserReader
	// Client is Redis. Required; it stays the caller's.
	Client rueidis.Client
	// Cache is how the users' cache is configured. Observer and LocalBytes are
	// replaced. Default: as cache.Options says.
	Cache cache.Options
	// Deadline bounds a comparison. Default: 60 s.
	Deadline time.Duration
	// Patience is how long Redis and memory may take to have the value. Default: 5 s.
	Patience time.Duration
	// Database is the name of the database. Default: none.
	Database string
	// Logger gets why a comparison failed. Default: none.
	Logger *slog.Logger
}

// Runner makes comparisons, one at a time, and remembers the last one. Safe for
// concurrent use.
type Runner struct {
	o   Options
	log *slog.Logger

	ctx    context.Context // ends at Close
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	busy    bool // one runs, or is about to
	closed  bool
	current *run // nil: there was none yet
}

// NewRunner returns a Runner. Close ends what it does.
func NewRunner(o Options) *Runner {
	o.Deadline = cmp.Or(max(o.Deadline, 0), time.Minute)
	o.Patience = cmp.Or(max(o.Patience, 0), 5*time.Second)
	o.Cache.Observer, o.Cache.LocalBytes = nil, 0
	r := &Runner{o: o, log: o.Logger}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	return r
}

// Start begins a comparison, which goes on after ctx has ended.
//
// It fails with ErrRunning while one runs, and as a *kurs.Error with CodeUserNotFound
// where there is no such user and CodeUnavailable where Redis or the database cannot be
// asked.
func (r *Runner) Start(ctx context.Context, request Request) (Comparison, error) {
	if err := r.reserve(); err != nil {
		return Comparison{}, err
	}
	redis, err := r.check(ctx, request.UserID)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && r.closed {
		err = unavailable(errClosed)
	}
	if err != nil {
		r.busy = false
		return Comparison{}, err
	}
	c := &run{
		runner: r, request: request.bounded(), id: rand.Text(), began: time.Now(), redis: redis,
		state: Running, over: make(chan struct{}),
	}
	c.ctx, c.end = context.WithCancelCause(r.ctx)
	r.current = c
	r.wg.Go(c.run)
	return c.comparison(), nil
}

func (r *Runner) reserve() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy {
		return ErrRunning
	}
	r.busy = true
	return nil
}

// check looks whether there is what is to be compared, and which Redis it is.
func (r *Runner) check(ctx context.Context, id int64) (redis string, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if _, err := r.o.Store.User(ctx, id); err != nil {
		if kurs.CodeOf(err) == "" {
			err = unavailable(err)
		}
		return "", err
	}
	if err := r.o.Client.Do(ctx, r.o.Client.B().Ping().Build()).Error(); err != nil {
		return "", unavailable(err)
	}
	// Only for the eye: not every server tells.
	info, _ := r.o.Client.Do(ctx, r.o.Client.B().Info().Section("server").Build()).ToString()
	return serverName(info), nil
}

func unavailable(err error) error {
	return &kurs.Error{Code: kurs.CodeUnavailable, RetryAfter: time.Second, Err: err}
}

// serverName finds the name and the version of a server in its INFO.
func serverName(info string) string {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	switch {
	case fields["valkey_version"] != "":
		return "Valkey " + fields["valkey_version"]
	case fields["redis_version"] != "":
		return "Redis " + fields["redis_version"]
	}
	return ""
}

// Current returns the comparison that runs, or the last one; ok is false where there
// was none.
func (r *Runner) Current() (c Comparison, ok bool) {
	r.mu.Lock()
	current := r.current
	r.mu.Unlock()
	if current == nil {
		return Comparison{}, false
	}
	return current.comparison(), true
}

// Cancel ends the comparison that runs, waits until it has, and returns what it
// brought. One that is over is returned as it is; ok is false where there was none. The
// error is that of ctx.
func (r *Runner) Cancel(ctx context.Context) (c Comparison, ok bool, err error) {
	r.mu.Lock()
	current := r.current
	r.mu.Unlock()
	if current == nil {
		return Comparison{}, false, nil
	}
	current.end(errCancelled)
	select {
	case <-current.over:
	case <-ctx.Done():
		err = ctx.Err()
	}
	return current.comparison(), true, err
}

// Close ends the comparison that runs and waits for that. Closing again does nothing.
func (r *Runner) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel(errCancelled)
	r.wg.Wait()
}
