package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/supervise"
)

// startTimeout bounds how long a server may take to answer its first PING. It is
// long because a test machine may be busy.
const startTimeout = time.Minute

// Option changes how a private server is started.
type Option func(*Server)

// WithAppendOnly makes the server keep what it acknowledged: appendonly yes,
// appendfsync always. A [Server.Kill] followed by [Server.Restart] loses nothing.
func WithAppendOnly() Option {
	return WithArgs("--appendonly", "yes", "--appendfsync", "always")
}

// WithArgs appends arguments to redis-server's command line, as
// WithArgs("--maxmemory", "10mb"). They win over the package's own.
func WithArgs(args ...string) Option {
	return func(s *Server) { s.args = append(s.args, args...) }
}

// Server is a running redis-server. Its methods may be called concurrently.
type Server struct {
	port     int
	dir      string
	args     []string
	sentinel bool

	mu   sync.Mutex
	proc *supervise.Process
}

// Start starts a private server that stops at the test's end. It listens on a
// free loopback port and on a Unix socket and keeps nothing on disk, unless
// options say otherwise.
func Start(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	s, clean, err := start(opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.stop()
		clean()
	})
	return s
}

func start(opts ...Option) (*Server, func(), error) {
	dir, remove, err := supervise.TempDir("speedlayer-redis")
	if err != nil {
		return nil, nil, err
	}
	// A program that knows nothing of our ports may take one before the server does.
	for range 5 {
		s := &Server{dir: dir}
		for _, o := range opts {
			o(s)
		}
		var release func()
		if s.port, release, err = supervise.Port(); err != nil {
			break
		}
		if err = s.launch(); err == nil {
			return s, func() { release(); remove() }, nil
		}
		s.stop()
		release()
		if errors.Is(err, exec.ErrNotFound) {
			break
		}
	}
	remove()
	return nil, nil, err
}

// launch starts the process and waits until it answers.
func (s *Server) launch() error {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return fmt.Errorf("these tests need a real redis-server: apt-get install redis-server (or make deps): %w", err)
	}
	args := slices.Concat([]string{
		"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1",
		"--unixsocket", s.Socket(), "--dir", s.dir,
		"--save", "", "--appendonly", "no", "--daemonize", "no",
	}, s.args)
	if s.sentinel {
		args = []string{filepath.Join(s.dir, "sentinel.conf"), "--sentinel", "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir}
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	proc, err := supervise.Start(ctx, supervise.Command{Path: path, Args: args, Dir: s.dir})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.proc = proc
	s.mu.Unlock()
	return s.awaitPong(ctx, proc)
}

func (s *Server) awaitPong(ctx context.Context, proc *supervise.Process) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var err error
	for {
		select {
		case <-proc.Done():
			return fmt.Errorf("redis-server ended while it started: %w", proc.Err())
		case <-ctx.Done():
			return fmt.Errorf("redis-server does not answer after %v: %w", startTimeout, err)
		case <-tick.C:
			if err = ping(ctx, s.Addr()); err == nil {
				return nil
			}
		}
	}
}

// ping asks once. A server that is still loading its data answers with an error.
func ping(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if line = strings.TrimSpace(line); line != "+PONG" {
		return errors.New(line)
	}
	return nil
}

// Addr is the server's TCP address, as "127.0.0.1:40123". It stays the same
// across restarts.
func (s *Server) Addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// Socket is the path of the server's Unix socket.
func (s *Server) Socket() string { return filepath.Join(s.dir, "redis.sock") }

// URL is the server's address as "redis://127.0.0.1:40123/0".
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Kill ends the server with SIGKILL, as a crash would, and waits until it is gone.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	s.process().Kill()
}

// Restart starts the server again on the same port and data directory and waits
// until it answers. A server that still runs is shut down in order before. What
// was not written to disk is lost: see [WithAppendOnly].
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.stop()
	if err := s.launch(); err != nil {
		tb.Fatal(err)
	}
}

// Freeze suspends the server: connections stay open, nothing is answered.
func (s *Server) Freeze(tb testing.TB) {
	tb.Helper()
	if err := s.process().Signal(syscall.SIGSTOP); err != nil {
		tb.Fatalf("freeze redis-server: %v", err)
	}
}

// Thaw lets a frozen server go on. A frozen server is thawed at the test's end
// by itself.
func (s *Server) Thaw(tb testing.TB) {
	tb.Helper()
	if err := s.process().Signal(syscall.SIGCONT); err != nil {
		tb.Fatalf("thaw redis-server: %v", err)
	}
}

func (s *Server) process() *supervise.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc
}

func (s *Server) stop() {
	if p := s.process(); p != nil {
		_ = p.Stop(context.Background())
	}
	_ = os.Remove(s.Socket())
}

// Client returns a client that is closed at the test's end. It talks to this
// server only; mods may change the options before it connects.
func (s *Server) Client(tb testing.TB, mods ...func(*rueidis.ClientOption)) rueidis.Client {
	tb.Helper()
	opt := clientOption(s.Addr())
	opt.ForceSingleClient = true
	for _, mod := range mods {
		mod(&opt)
	}
	return newClient(tb, opt)
}
