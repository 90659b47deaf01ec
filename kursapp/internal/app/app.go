package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/redis/rueidis"
	"golang.org/x/sync/errgroup"

	"github.com/speedlayer/speedlayer/internal/redisx"
	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/policyfile"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// App is one running kursapp: a server, a task worker, or both.
type App struct {
	mode  Mode
	log   *slog.Logger
	redis *redisx.Lazy
	store *gate
	// prepare makes the database usable: it checks whose it is and migrates
	// it. It is called until it succeeds.
	prepare func(context.Context) error
	ready   chan struct{} // closed once it succeeded
	// outbox is what the database wants Redis to learn.
	outbox outbox.Source
	// identity names the data that Redis holds: see outbox.Sink.
	identity func(context.Context) (string, error)
	// owner reads whose the database is; nil where nobody else can change it.
	owner func(context.Context) (postgres.Mode, error)
	mail  mailRoute
	// listener is where HTTP is served; nil for a mere worker.
	listener net.Listener
	cors     []string
	// proxies find the address of a client.
	proxies ratelimit.Proxies
	// metricsListener is where Prometheus scrapes; nil where it does not.
	metricsListener net.Listener
	// localBytes bounds the users kept in memory: 32 MiB hold some 60,000.
	localBytes int64
	// localSessionBytes bounds the sessions kept in memory, of which one takes about
	// 1 KiB; 0: none are.
	localSessionBytes int64
	// auditRetention is how long entries of the audit log are kept; 0: for good.
	auditRetention time.Duration

	// limitsFile is the file that the rate limits come from; nil: the defaults hold.
	limitsFile *policyfile.File

	greet  func() // called when the server is about to answer
	worker bool   // whether to run tasks here
	// foreign receives the error of a Redis that belongs to somebody else.
	foreign chan error
}

// database is what both engines are.
type database interface {
	kurs.Store
	Outbox() outbox.Source
}

// newApp returns an App without any I/O: Redis and the database may be down.
func newApp(mode Mode, log *slog.Logger, options rueidis.ClientOption, db database, prepare func(context.Context) error) *App {
	a := &App{
		mode: mode, log: log, store: &gate{store: db}, outbox: db.Outbox(), prepare: prepare,
		ready: make(chan struct{}), greet: func() {}, foreign: make(chan error, 1),
	}
	a.redis = redisx.Open(options, redisx.LazyOptions{
		Verify:    markRedis(mode),
		OnConnect: func() { log.Info("Redis verbunden!") },
		OnDown: func(err error) {
			log.Warn("Redis nicht erreichbar: " + err.Error())
			if errors.Is(err, errForeignRedis) {
				select {
				case a.foreign <- err:
				default: // one is enough to end the server
				}
			}
		},
	})
	a.identity = redisIdentity(a.redis)
	return a
}

// Run serves until ctx ends, and then stops in order: no new requests and
// tasks, those in flight are finished or handed back, connections are closed.
// It returns nil after such a stop. A Redis or database that belongs to the
// other mode ends it with an error, at the start and later.
func (a *App) Run(ctx context.Context) error {
	defer holdHeapFloor()()
	defer a.redis.Close()
	services, err := a.build()
	if err != nil {
		return err
	}
	defer services.close()
	// One attempt before the first request, so that the log says at once
	// whether Redis is there, and so that a foreign one is not served from.
	if err := a.redis.TryConnect(ctx); errors.Is(err, errForeignRedis) {
		return ownership(err)
	}

	// What everything else stands on ends last.
	ground, stopGround := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	background.Go(func() { _ = a.redis.Run(ground) })
	if services.completer != nil {
		background.Go(func() { _ = services.completer.Run(ground) })
	}
	defer background.Wait()
	defer stopGround()

	// The last line about the cache counts what the requests in flight did, too.
	defer services.watch.report(ground, a.countsLevel())
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		services.watch.run(ctx, a.countsLevel())
		return nil
	})
	if services.metrics != nil {
		// Before the database is there: that is when somebody wants to look.
		work.Go(func() error { return serveHTTP(ctx, a.log, a.metricsListener, services.metrics) })
		a.log.Info("metrics are served", "addr", a.metricsListener.Addr().String(), "path", "/metrics")
	}
	work.Go(func() error {
		select {
		case err := <-a.foreign:
			return ownership(err)
		case <-ctx.Done():
			return nil
		}
	})
	if a.limitsFile != nil {
		work.Go(func() error { return a.followLimits(ctx) })
	}
	opened := make(chan error, 1)
	work.Go(func() error {
		err := a.open(ctx)
		opened <- err
		if err != nil || a.owner == nil {
			return err
		}
		return a.watchOwner(ctx)
	})
	if !a.awaitDatabase(ctx, opened) {
		return work.Wait()
	}
	work.Go(func() error { return a.relay(ctx, services.relay) })
	if a.auditRetention > 0 {
		work.Go(func() error { return a.sweepAudit(ctx, services.audit) })
	}
	if a.listener != nil {
		a.awaitEmptyOutbox(ctx)
		a.greet()
		work.Go(func() error { return serveHTTP(ctx, a.log, a.listener, services.handler) })
		a.log.Info("listening", "addr", a.listener.Addr().String(), "mode", string(a.mode), "version", version)
	}
	for _, w := range services.workers {
		work.Go(func() error { return w.Run(ctx) })
	}
	announced := context.AfterFunc(ctx, func() { a.log.Info("stopping; a second signal ends at once") })
	defer announced()
	return work.Wait()
}

// countsLevel is the level of the lines that sum up what the cache did. In the demo
// a person reads the log, and there are lines about each event.
func (a *App) countsLevel() slog.Level {
	if a.mode == ModeDemo {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// awaitDatabase waits a little for the outcome of open, so that the first request
// finds a database that is there. It reports whether the server should go on.
func (a *App) awaitDatabase(ctx context.Context, opened <-chan error) bool {
	patience := firstTryTimeout
	if a.mode == ModeDemo {
		patience = demoFirstTryTimeout
	}
	select {
	case err := <-opened:
		return err == nil && ctx.Err() == nil
	case <-time.After(patience):
		return true
	case <-ctx.Done():
		return false
	}
}

// How long a server waits for its database before it answers without. The demo
// makes its sample data meanwhile, which takes some seconds on a busy machine.
const (
	firstTryTimeout     = 3 * time.Second
	demoFirstTryTimeout = 30 * time.Second
)

// prepareInterval is how often the database is asked while it cannot be used.
const prepareInterval = 500 * time.Millisecond

// ownerInterval is how often a server looks whether the database is still its
// own.
const ownerInterval = time.Second

// watchOwner ends the server when the database changes hands: a demo whose
// database was turned into an ordinary one must not go on to let everybody in.
func (a *App) watchOwner(ctx context.Context) error {
	tick := time.NewTicker(ownerInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		owner, err := a.owner(ctx)
		switch {
		case err != nil || string(owner) == string(a.mode):
		case a.mode == ModeProduction && owner == postgres.ModeNone:
			// A restore may be under way. The requests fail by themselves
			// meanwhile; what comes back is marked again, or turns out a demo's.
			_ = a.prepare(ctx)
		default:
			return config.Usagef("DATABASE_URL: the database no longer belongs to this %s: its mark is %q now", a.mode, owner)
		}
	}
}

// open opens the gate to the database as soon as prepare succeeds.
func (a *App) open(ctx context.Context) error {
	var said string
	for {
		err := a.prepare(ctx)
		switch {
		case err == nil:
			a.store.open.Store(true)
			close(a.ready)
			a.log.Info("the database is ready")
			return nil
		case ctx.Err() != nil:
			return nil //nolint:nilerr // stopped before the database came up
		case !errors.Is(err, kurs.ErrUnavailable):
			return ownership(fmt.Errorf("app: database: %w", err))
		case err.Error() != said:
			said = err.Error()
			a.log.Warn("the database cannot be used yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(prepareInterval):
		}
	}
}
