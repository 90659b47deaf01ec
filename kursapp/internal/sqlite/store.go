package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite/dbsqlc"
)

var _ kurs.Store = (*Store)(nil)

// ErrInUse says that another process has the file open.
var ErrInUse = errors.New("another kursapp uses this data folder: stop it, or choose another folder (--data-dir)")

// Config says which file a Store uses.
type Config struct {
	// Path of the database file. It and its folder are made where they are
	// missing, for this user only. Beside it stand path-wal and path-shm
	// (SQLite's) and path.lock.
	Path string
	// CallTimeout bounds each call, the wait for other writers included;
	// default 2 s.
	CallTimeout time.Duration
	// Logger hears of migrations and of the sample data; default none.
	Logger *slog.Logger
}

// Store is kurs.Store on one SQLite file. It is safe for concurrent use.
type Store struct {
	lock        *sql.DB // holds Path.lock for as long as the Store is open
	writer      *sql.DB // one connection
	reader      *sql.DB
	queries     *dbsqlc.Queries // on reader
	outbox      *Outbox
	callTimeout time.Duration
	logger      *slog.Logger
	closed      atomic.Bool
}

// Open opens the file, makes it where it is missing and migrates it. A file
// that was there keeps its data. ErrInUse where another process has it open.
// The Store must be closed.
func Open(ctx context.Context, c Config) (_ *Store, err error) {
	s := &Store{callTimeout: c.CallTimeout, logger: c.Logger}
	if s.callTimeout <= 0 {
		s.callTimeout = 2 * time.Second
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("sqlite: open %s: %w", c.Path, errors.Join(err, s.Close()))
		}
	}()
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, err
	}
	if err := createPrivately(path); err != nil {
		return nil, err
	}
	if s.lock, err = acquireLock(ctx, path+".lock"); err != nil {
		return nil, err
	}
	if s.writer, err = open(path, url.Values{"_journal_mode": {"WAL"}}); err != nil {
		return nil, err
	}
	s.writer.SetMaxOpenConns(1)
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	if s.reader, err = open(path, url.Values{"_query_only": {"1"}}); err != nil {
		return nil, err
	}
	s.reader.SetMaxOpenConns(4)
	s.reader.SetMaxIdleConns(4)
	s.queries = dbsqlc.New(s.reader)
	if s.outbox, err = openOutbox(path); err != nil {
		return nil, err
	}
	return s, nil
}

// createPrivately makes path and its folder, for this user only: the file
// holds addresses and password hashes.
func createPrivately(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // G304: the caller names the file on purpose
	if err != nil {
		return err
	}
	return f.Close()
}

// open prepares connections to path. extra are parameters of modernc's driver
// beyond those that all connections share.
func open(path string, extra url.Values) (*sql.DB, error) {
	extra.Set("_busy_timeout", "2000") // milliseconds; only strangers can hold the file
	extra.Set("_foreign_keys", "1")
	extra.Set("_synchronous", "NORMAL") // with WAL: a power cut may cost the newest changes, never the file
	extra.Set("_txlock", "immediate")
	extra.Set("_dqs", "0")
	u := url.URL{Path: filepath.ToSlash(path)}
	connector, err := sqlite.NewConnector("file:" + u.EscapedPath() + "?" + extra.Encode())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// acquireLock holds path until the returned database is closed or the process
// ends, however it ends. An exclusive transaction in a file of its own is the
// lock: SQLite knows how to lock a file on every system.
func acquireLock(ctx context.Context, path string) (*sql.DB, error) {
	if err := createPrivately(path); err != nil {
		return nil, err
	}
	connector, err := sqlite.NewConnector("file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?_busy_timeout=1000")
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	// One connection that the pool never replaces, so that the transaction
	// lives as long as db.
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	if _, err := db.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		if primaryCode(err) == sqlite3.SQLITE_BUSY {
			err = ErrInUse
		}
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close releases the file. Calls in flight end first; later ones are
// kurs.CodeUnavailable.
func (s *Store) Close() error {
	s.closed.Store(true)
	var errs []error
	if s.outbox != nil {
		errs = append(errs, s.outbox.db.Close())
	}
	for _, db := range []*sql.DB{s.reader, s.writer, s.lock} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// read runs f within CallTimeout.
func read[T any](ctx context.Context, s *Store, op string, f func(context.Context, *dbsqlc.Queries) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, s.callTimeout)
	defer cancel()
	result, err := f(ctx, s.queries)
	if err != nil {
		return *new(T), s.translate(op, err)
	}
	return result, nil
}

// write runs f in one transaction. From its beginning on it runs to its end
// within CallTimeout, whatever becomes of ctx.
func write[T any](ctx context.Context, s *Store, op string, f func(context.Context, *dbsqlc.Queries) (T, error)) (T, error) {
	tx, err := s.begin(ctx)
	if err != nil {
		return *new(T), s.translate(op, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.callTimeout)
	defer cancel()
	q := dbsqlc.New(tx)
	result, err := withOrigin(ctx, q, func() (T, error) { return f(ctx, q) })
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return *new(T), s.translate(op, err)
	}
	return result, nil
}

// transaction is a transaction that gives its connection back at its end.
type transaction struct {
	*sql.Tx
	conn      *sql.Conn
	committed func()
}

// begin waits for the turn of ctx and begins a transaction, which ctx no
// longer ends: database/sql would otherwise roll it back by itself, at a
// moment when nobody knows whether the commit came first.
func (s *Store) begin(ctx context.Context) (*transaction, error) {
	turn, cancel := context.WithTimeout(ctx, s.callTimeout)
	defer cancel()
	conn, err := s.writer.Conn(turn)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &transaction{Tx: tx, conn: conn, committed: s.outbox.Wake}, nil
}

// Commit makes the changes permanent.
func (t *transaction) Commit() error {
	err := t.Tx.Commit()
	if err == nil {
		t.committed()
	}
	return errors.Join(err, t.conn.Close())
}

// Rollback discards the changes unless they were committed.
func (t *transaction) Rollback() error {
	return errors.Join(t.Tx.Rollback(), t.conn.Close())
}
