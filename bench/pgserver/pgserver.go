// Package pgserver starts a PostgreSQL that syncs each commit to the disk, as one in
// production does. Those of internal/pgtest do not: tests that are about nothing but
// commits would measure something else there.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/internal/supervise"
)

const startTimeout = 60 * time.Second

// Server is a PostgreSQL on a free loopback port. It ends with this process, however
// that ends.
type Server struct {
	bin, dir   string
	port       int
	credential *syscall.Credential // nil: as this process
	process    *supervise.Process
	remove     func()
}

// Start makes a cluster and starts its server.
func Start(ctx context.Context) (*Server, error) {
	dir, remove, err := supervise.TempDir("speedlayer-bench-pg")
	if err != nil {
		return nil, fmt.Errorf("pgserver: %w", err)
	}
	s := &Server{dir: dir, remove: remove}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for _, step := range []func(context.Context) error{s.find, s.initialise, s.launch, s.await} {
		if err := step(ctx); err != nil {
			s.Stop()
			return nil, fmt.Errorf("pgserver: %w", err)
		}
	}
	return s, nil
}

// find looks on PATH, then where Debian has it, and for a user when this one is root.
func (s *Server) find(context.Context) error {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			s.bin = filepath.Dir(path)
		}
	}
	if dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin"); s.bin == "" && len(dirs) > 0 {
		s.bin = slices.Max(dirs)
	}
	if s.bin == "" {
		return errors.New("a real PostgreSQL is needed: apt-get install postgresql (or make deps)")
	}
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	s.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return nil
}

func (s *Server) data() string    { return filepath.Join(s.dir, "data") }
func (s *Server) sockets() string { return filepath.Join(s.dir, "s") }

func (s *Server) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "LC_ALL=C", "TZ=UTC"}
}

func (s *Server) initialise(ctx context.Context) error {
	for _, dir := range []string{s.data(), s.sockets()} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		if s.credential == nil {
			continue
		}
		if err := os.Chown(dir, int(s.credential.Uid), int(s.credential.Gid)); err != nil {
			return err
		}
	}
	command := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"), "-D", s.data(), //nolint:gosec // G204: found above.
		"-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C")
	command.Dir, command.Env = s.dir, s.environment()
	command.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential}
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) launch(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return err
	}
	args := []string{"-D", s.data()}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.port), "unix_socket_directories=" + s.sockets(),
		"fsync=on", "synchronous_commit=on", "shared_buffers=256MB", "max_wal_size=4GB", "timezone=UTC",
	} {
		args = append(args, "-c", setting)
	}
	s.process, err = supervise.Start(ctx, supervise.Command{
		Path: filepath.Join(s.bin, "postgres"), Args: args, Dir: s.dir, Env: s.environment(),
		Credential: s.credential, StopSignal: "QUIT", Grace: 10 * time.Second,
	})
	return err
}

// await returns when the server answers.
func (s *Server) await(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.process.Done():
			return errors.Join(errors.New("PostgreSQL ended at once"), s.process.Err())
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// URL is the DSN of a database on this server.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// Create makes an empty database, whose name is an SQL identifier without quotes, and
// returns its DSN.
func (s *Server) Create(ctx context.Context, database string) (string, error) {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return "", fmt.Errorf("pgserver: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+database); err != nil {
		return "", fmt.Errorf("pgserver: %w", err)
	}
	return s.URL(database), nil
}

// Stop ends the server and waits until it is gone.
func (s *Server) Stop() {
	if s.process != nil {
		_ = s.process.Stop(context.Background())
	}
	s.remove()
}
