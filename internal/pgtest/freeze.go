package pgtest

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Freeze suspends the server with all its backends: connections stay open,
// nothing is answered.
func (s *Server) Freeze(tb testing.TB) {
	tb.Helper()
	if err := s.freeze(); err != nil {
		tb.Fatalf("freeze PostgreSQL: %v", err)
	}
}

// Thaw lets a frozen server go on. A frozen server is thawed at the test's end
// by itself.
func (s *Server) Thaw(tb testing.TB) {
	tb.Helper()
	s.thaw()
}

// freeze suspends the postmaster first, so that no backend is added, and then
// each backend, the one that lists them last.
func (s *Server) freeze() error {
	return s.admin(context.Background(), func(ctx context.Context, conn *pgx.Conn) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.proc.Signal(syscall.SIGSTOP); err != nil {
			return err
		}
		own := int(conn.PgConn().PID())
		// A backend is listed only once it has let its client in: look until two looks
		// agree. None is suspended before: it might hold what the query needs.
		var pids []int
		for before := []int{own}; !slices.Equal(pids, before); {
			before = pids
			rows, err := conn.Query(ctx, `SELECT pid FROM pg_stat_activity WHERE pid <> $1 ORDER BY pid`, own)
			if err != nil {
				return err
			}
			if pids, err = pgx.CollectRows(rows, pgx.RowTo[int]); err != nil {
				return err
			}
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
			s.frozen = append(s.frozen, pid)
		}
		return nil // this connection ends now, and its backend with it
	})
}

func (s *Server) thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		_ = s.proc.Signal(syscall.SIGCONT)
	}
	for _, pid := range s.frozen {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	s.frozen = nil
}
