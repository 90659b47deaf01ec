package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

var _ kurs.Store = (*Store)(nil)

const (
	// connectTimeout bounds one attempt to connect, authentication included;
	// connect_timeout in the URL overrides it.
	connectTimeout = 2 * time.Second
	// closeTimeout bounds Close. The pool itself would wait up to 15 s for a
	// frozen server to acknowledge that a query was cancelled.
	closeTimeout = 3 * time.Second
)

// Config says which database a Store uses, and how.
type Config struct {
	// URL is postgres://user:password@host:5432/database, with libpq's
	// parameters (sslmode, connect_timeout …) and pgxpool's (pool_max_conns …).
	URL string
	// MaxConns is the largest number of connections; default pool_max_conns of
	// the URL, else 10.
	MaxConns int32
	// CallTimeout bounds a read, the wait for a free connection included, and
	// each step of a write: getting a connection that is alive, the statement,
	// and CreateUser's commit; default 2 s.
	CallTimeout time.Duration
	// Logger hears of migrations and of the demo's sample data; default none.
	Logger *slog.Logger
}

// Store is kurs.Store on PostgreSQL. It is safe for concurrent use.
type Store struct {
	pool        *pgxpool.Pool
	queries     *dbsqlc.Queries
	outbox      *outboxpgx.Source
	callTimeout time.Duration
	logger      *slog.Logger
	closed      atomic.Bool
}

// Open returns a Store for the database that c names. It does not connect:
// the database may be down, or not exist yet. The only error is a URL that
// cannot be used, ErrURL. The Store must be closed.
func Open(c Config) (*Store, error) {
	config, err := parseURL(c.URL)
	if err != nil {
		return nil, err
	}
	s := &Store{callTimeout: c.CallTimeout, logger: c.Logger}
	if s.callTimeout <= 0 {
		s.callTimeout = 2 * time.Second
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	configurePool(config, c)
	// The context lends NewWithConfig its values alone, and there are none.
	s.pool, err = pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("postgres: open: %w", err)
	}
	s.queries = dbsqlc.New(s.pool)
	s.outbox = outboxpgx.NewSource(s.pool, outboxpgx.Options{})
	return s, nil
}

// Outbox returns the source of what Redis has to learn. It ends with the Store.
func (s *Store) Outbox() outbox.Source { return s.outbox }

func configurePool(config *pgxpool.Config, c Config) {
	switch u, err := url.Parse(c.URL); {
	case c.MaxConns > 0:
		config.MaxConns = c.MaxConns
	case err == nil && !u.Query().Has("pool_max_conns"):
		config.MaxConns = 10
	}
	config.MaxConnLifetimeJitter = 5 * time.Minute
	config.ShouldPing = shouldPing

	conn := config.ConnConfig
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = connectTimeout
	}
	if _, ok := conn.RuntimeParams["application_name"]; !ok {
		conn.RuntimeParams["application_name"] = "kursapp"
	}
	if conn.ValidateConnect == nil {
		// Reads promise the primary's data, and after a failover the same
		// address may lead to a standby.
		conn.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	// pgx asks after a silent peer every 5 minutes; a vanished host should not
	// hold connections that long.
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	conn.DialFunc = dialer.DialContext
}

// Close gives the connections back. It waits for calls in flight, but for no
// more than 3 s. Later calls are kurs.CodeUnavailable.
func (s *Store) Close() {
	s.closed.Store(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.outbox.Close()
		s.pool.Close()
	}()
	select {
	case <-done:
	case <-time.After(closeTimeout):
	}
}

// forWriting marks a context whose connection must be seen alive first.
type forWriting struct{}

// shouldPing decides whether a connection from the pool is tried before it is
// used. For reads it is enough to try those that lay idle for long: one that
// died since is noticed by the read, which is then repeated. A write cannot be
// repeated, so it pays for a round trip.
func shouldPing(ctx context.Context, p pgxpool.ShouldPingParams) bool {
	return p.IdleDuration > time.Second || ctx.Value(forWriting{}) != nil
}

// read runs f within CallTimeout, and once more where it met a dead connection.
func read[T any](ctx context.Context, s *Store, op string, f func(context.Context, *dbsqlc.Queries) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, s.callTimeout)
	defer cancel()
	result, err := f(ctx, s.queries)
	if connectionDied(err) && ctx.Err() == nil {
		// Where one died, its neighbours are probably dead too.
		s.pool.Reset()
		result, err = f(ctx, s.queries)
	}
	return orError(result, s.translate(op, err))
}

// write runs f on one connection that was just seen alive. From then on it
// runs to its end, within CallTimeout, whatever becomes of ctx.
func write[T any](ctx context.Context, s *Store, op string, f func(context.Context, *dbsqlc.Queries) (T, error)) (T, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return orError(*new(T), s.translate(op, err))
	}
	defer conn.Release()
	ctx, cancel := s.detached(ctx)
	defer cancel()
	result, err := f(ctx, dbsqlc.New(conn))
	s.dropReadOnly(err)
	return orError(result, s.translate(op, err))
}

// orError makes sure that nobody sees half a result beside an error.
func orError[T any](result T, err error) (T, error) {
	if err != nil {
		return *new(T), err
	}
	return result, nil
}

// acquire takes a live connection from the pool within CallTimeout.
func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, forWriting{}, true), s.callTimeout)
	defer cancel()
	return s.pool.Acquire(ctx)
}

// detached returns a context that outlives its parent by CallTimeout at most.
func (s *Store) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), s.callTimeout)
}

// dropReadOnly empties the pool where err says that the server became a
// standby: new connections look for the primary.
func (s *Store) dropReadOnly(err error) {
	if sqlState(err) == readOnlyTransaction {
		s.pool.Reset()
	}
}
