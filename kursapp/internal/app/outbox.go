package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/outbox"
)

// sink takes the rows of the outbox to Redis: invalidations to the caches and
// the sessions, tasks to their queues.
type sink struct {
	users    *kurs.Users
	sessions sessions
	queues   map[string]tasks
	identity func(context.Context) (string, error)
}

var _ outbox.Sink = (*sink)(nil)

// sessions end as the outbox asks (kurs.Accounts).
type sessions interface {
	// ForgetSessions returns an error for each row, nil once the sessions have ended.
	ForgetSessions(ctx context.Context, rows []outbox.Row) []error
}

// tasks is a queue that takes tasks of the outbox.
type tasks interface {
	// Add returns an error for each row, nil where Redis has the task. A row that
	// comes again is not added again while the queue remembers it.
	Add(ctx context.Context, rows []outbox.Row) []error
}

// Deliver implements outbox.Sink. All parts go out at the same time.
func (s *sink) Deliver(ctx context.Context, rows []outbox.Row) []error {
	parts := map[part][]int{}
	for i, row := range rows {
		p := partOf(row)
		parts[p] = append(parts[p], i)
	}
	errs := make([]error, len(rows))
	var wg sync.WaitGroup
	for p, which := range parts {
		wg.Go(func() {
			its := make([]outbox.Row, len(which))
			for i, at := range which {
				its[i] = rows[at]
			}
			for i, err := range s.deliver(ctx, p, its) {
				errs[which[i]] = err
			}
		})
	}
	wg.Wait()
	return errs
}

// part is what rows are about that one delivery takes together.
type part struct {
	kind  string // "task", "sessions" or "cache"
	queue string // of tasks
}

func partOf(row outbox.Row) part {
	switch {
	case row.Kind == outbox.KindTask:
		return part{kind: "task", queue: row.Target}
	case row.Target == kurs.OutboxSessions:
		return part{kind: "sessions"}
	default:
		return part{kind: "cache"}
	}
}

func (s *sink) deliver(ctx context.Context, p part, rows []outbox.Row) []error {
	switch p.kind {
	case "cache":
		return s.users.Forget(ctx, rows)
	case "sessions":
		return s.sessions.ForgetSessions(ctx, rows)
	}
	if q := s.queues[p.queue]; q != nil {
		return q.Add(ctx, rows)
	}
	errs := make([]error, len(rows))
	for i := range errs {
		errs[i] = fmt.Errorf("app: there is no queue %q: %w", p.queue, outbox.ErrRefused)
	}
	return errs
}

// Identity implements outbox.Sink.
func (s *sink) Identity(ctx context.Context) (string, error) { return s.identity(ctx) }

// redisIdentity is outbox.RedisIdentity, where the server has one.
func redisIdentity(client rueidis.Client) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return outbox.RedisIdentity(ctx, client) }
}

// relayInterval is how often a trouble that goes on is logged.
const relayInterval = time.Minute

// relayLog says when the outbox cannot be delivered, not for each row, and when it can
// be again.
type relayLog struct {
	log *slog.Logger

	mu    sync.Mutex
	since time.Time // of the trouble; zero: there is none
	said  time.Time
	count int // of failures since it was said
}

func (l *relayLog) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.count++
	if l.since.IsZero() {
		l.since = now
	} else if now.Sub(l.said) < relayInterval {
		return
	}
	l.log.Warn("what the database committed does not reach Redis; it is tried again", "failures", l.count, "error", err)
	l.said, l.count = now, 0
}

func (l *relayLog) delivered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since.IsZero() {
		return
	}
	l.log.Info("what the database commits reaches Redis again", "after", time.Since(l.since).Round(time.Millisecond))
	l.since = time.Time{}
}

// relay runs a relay as soon as the database can be used.
func (a *App) relay(ctx context.Context, r *outbox.Relay) error {
	select {
	case <-a.ready:
		return r.Run(ctx)
	case <-ctx.Done():
		return nil
	}
}

// sweepAudit deletes old entries of the audit log as soon as the database can be used.
func (a *App) sweepAudit(ctx context.Context, audit *kurs.AuditLog) error {
	select {
	case <-a.ready:
		audit.Sweep(ctx, a.auditRetention)
	case <-ctx.Done():
	}
	return nil
}

// How long a server waits until Redis has learned what was committed while no server
// ran, and how often it looks. Else its first answers may come from an older cache, and
// what it caches then is dropped again.
const (
	emptyOutboxTimeout  = 2 * time.Second
	emptyOutboxInterval = 10 * time.Millisecond
)

func (a *App) awaitEmptyOutbox(ctx context.Context) {
	select {
	case <-a.ready:
	default:
		return // the database is away, and others matter more
	}
	ctx, cancel := context.WithTimeout(ctx, emptyOutboxTimeout)
	defer cancel()
	for {
		if rows, _, err := a.outbox.Backlog(ctx); err != nil || rows == 0 {
			return
		}
		select {
		case <-time.After(emptyOutboxInterval):
		case <-ctx.Done():
			return
		}
	}
}

// newRelay returns what takes the rows of the outbox to Redis.
func (a *App) newRelay(s *sink, watch *cacheWatch) *outbox.Relay {
	log := &relayLog{log: a.log}
	relay := outbox.NewRelay(a.outbox, s, outbox.Options{
		OnError: log.failed,
		OnDelivered: func(row outbox.Row, latency time.Duration) {
			log.delivered()
			if watch.metrics != nil {
				watch.metrics.ObserveDelivered(row, latency)
			}
		},
	})
	if watch.metrics != nil {
		watch.metrics.WatchOutbox(a.outbox, relay.Stats)
	}
	return relay
}
