package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/internal/supervise"
)

// startTimeout bounds initdb and, separately, the time until the server answers.
// It is long because a test machine may be busy.
const startTimeout = 60 * time.Second

// Server is a running PostgreSQL. Its methods may be called concurrently.
type Server struct {
	in   installation
	dir  string
	port int

	mu     sync.Mutex
	proc   *supervise.Process
	frozen []int // pids of suspended backends
}

// Start starts a private server that stops at the test's end. It listens on a
// free loopback port and on a Unix socket. Nothing is synced to disk: a killed
// server loses nothing, a killed machine may.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, clean, err := start()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.stop()
		clean()
	})
	return s
}

func start() (*Server, func(), error) {
	in, err := findInstallation()
	if err != nil {
		return nil, nil, err
	}
	dir, remove, err := supervise.TempDir("speedlayer-pg")
	if err != nil {
		return nil, nil, err
	}
	s := &Server{in: in, dir: dir}
	if err = s.initialise(); err != nil {
		remove()
		return nil, nil, err
	}
	// A program that knows nothing of our ports may take one before the server does.
	for range 5 {
		var release func()
		if s.port, release, err = supervise.Port(); err != nil {
			break
		}
		if err = s.launch(); err == nil {
			return s, func() { release(); remove() }, nil
		}
		s.stop()
		release()
	}
	remove()
	return nil, nil, err
}

func (s *Server) initialise() error {
	if err := s.in.ownedDir(s.dataDir()); err != nil {
		return err
	}
	if err := s.in.ownedDir(s.socketDir()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.in.initdb, "-D", s.dataDir(),
		"--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C")
	cmd.Dir, cmd.Env = s.dir, environment(s.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.in.credential}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) dataDir() string   { return filepath.Join(s.dir, "data") }
func (s *Server) socketDir() string { return filepath.Join(s.dir, "s") }

// launch starts the process and waits until it answers.
func (s *Server) launch() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	args := []string{"-D", s.dataDir()}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.port),
		"unix_socket_directories=" + s.socketDir(),
		"fsync=off", "full_page_writes=off",
		"max_connections=200", "shared_buffers=32MB",
		"timezone=UTC", "logging_collector=off",
	} {
		args = append(args, "-c", setting)
	}
	proc, err := supervise.Start(ctx, supervise.Command{
		Path: s.in.postgres, Args: args, Dir: s.dir, Env: environment(s.dir),
		Credential: s.in.credential,
		// Immediate shutdown: the only one that also ends frozen backends, after 5 s.
		StopSignal: "QUIT", Grace: 10 * time.Second,
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.proc = proc
	s.mu.Unlock()
	return s.awaitAnswer(ctx, proc)
}

func (s *Server) awaitAnswer(ctx context.Context, proc *supervise.Process) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var err error
	for {
		select {
		case <-proc.Done():
			return fmt.Errorf("PostgreSQL ended while it started: %w", proc.Err())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer after %v: %w", startTimeout, err)
		case <-tick.C:
			if err = s.admin(ctx, func(context.Context, *pgx.Conn) error { return nil }); err == nil {
				return nil
			}
		}
	}
}

// URL is the DSN of a database on this server. The database "postgres" is always
// there.
func (s *Server) URL(db string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, db)
}

// Kill ends the server with SIGKILL, as a crash would, and waits until it is gone.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	s.process().Kill()
	s.thaw() // suspended backends notice that the server is gone
}

// Restart starts the server again on the same port with its data and waits until
// it answers. A server that still runs is stopped before.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.stop()
	// Backends of a killed server hold its shared memory for a moment.
	deadline := time.Now().Add(startTimeout)
	err := s.launch()
	for err != nil && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
		err = s.launch()
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func (s *Server) process() *supervise.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc
}

func (s *Server) stop() {
	s.thaw()
	if p := s.process(); p != nil {
		_ = p.Stop(context.Background())
	}
}

// admin runs fn with a connection to the database "postgres".
func (s *Server) admin(ctx context.Context, fn func(context.Context, *pgx.Conn) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return fn(ctx, conn)
}
