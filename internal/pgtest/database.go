package pgtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// The server of this test process and the error that kept it from starting.
// Package variables, because the tests of a process have nothing else in common.
var (
	sharedServer = sync.OnceValues(func() (*Server, error) {
		s, _, err := start() // its directory is removed by a later test process
		return s, err
	})
	databases atomic.Int64
)

// Database creates an empty database on the one server of this test process,
// which is started on first use, and returns its DSN. The database is dropped at
// the test's end, whoever is still connected.
func Database(tb testing.TB) string {
	tb.Helper()
	s, err := sharedServer()
	if err != nil {
		tb.Fatal(err)
	}
	name := s.create(tb)
	tb.Cleanup(func() {
		err := s.admin(context.Background(), func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
			return err
		})
		if err != nil {
			tb.Errorf("pgtest: drop database: %v", err)
		}
	})
	return s.URL(name)
}

// Database creates an empty database and returns its DSN. It goes with the server.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	return s.URL(s.create(tb))
}

func (s *Server) create(tb testing.TB) string {
	tb.Helper()
	name := databaseName(tb.Name())
	err := s.admin(tb.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "CREATE DATABASE "+name)
		return err
	})
	if err != nil {
		tb.Fatalf("pgtest: create database: %v", err)
	}
	return name
}

// databaseName is unique in this process, an SQL identifier without quotes, and
// says in pg_stat_activity which test it is.
func databaseName(test string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(test))
	return fmt.Sprintf("%.40s_%d", name, databases.Add(1))
}

// IgnoreLeaks names the goroutines that a running server owns: one waits for the
// process, two read its output. Pass them to goleak.VerifyTestMain in packages
// that use the package's [Database]; servers from [Start] leave nothing behind.
func IgnoreLeaks() []goleak.Option {
	const process = "github.com/speedlayer/speedlayer/internal/supervise.(*Process)."
	return []goleak.Option{
		goleak.IgnoreAnyFunction(process + "wait"),
		goleak.IgnoreAnyFunction(process + "drain"),
	}
}
