// Package redisserver starts the one redis-server that all contestants share. It is
// for programs; tests of the library use internal/redistest.
package redisserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/supervise"
)

const startTimeout = 20 * time.Second

// Server is a redis-server on a free loopback port that keeps nothing on disk. It
// ends with this process, however that ends.
type Server struct {
	addr    string
	process *supervise.Process
	admin   rueidis.Client
	remove  func()
}

// Start starts a server; args are added to its command line.
func Start(ctx context.Context, args ...string) (*Server, error) {
	dir, remove, err := supervise.TempDir("speedlayer-bench")
	if err != nil {
		return nil, fmt.Errorf("redisserver: %w", err)
	}
	s := &Server{remove: remove}
	if err := s.start(ctx, dir, args); err != nil {
		s.Stop()
		return nil, fmt.Errorf("redisserver: %w", err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, dir string, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	s.addr = "127.0.0.1:" + strconv.Itoa(port)
	s.process, err = supervise.Start(ctx, supervise.Command{
		Path: "redis-server", Dir: dir,
		Args: append([]string{
			"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir,
			"--save", "", "--appendonly", "no", "--daemonize", "no",
		}, args...),
	})
	if err != nil {
		return err
	}
	return s.connect(ctx)
}

// connect returns when the server answers.
func (s *Server) connect(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		client, err := rueidis.NewClient(rueidis.ClientOption{
			InitAddress: []string{s.addr}, ForceSingleClient: true, DisableCache: true,
		})
		if err == nil {
			s.admin = client
			return nil
		}
		if client != nil {
			client.Close()
		}
		select {
		case <-s.process.Done():
			return errors.Join(errors.New("redis-server ended at once"), s.process.Err())
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Addr is the address, as "127.0.0.1:40123".
func (s *Server) Addr() string { return s.addr }

// URL is the address, as "redis://127.0.0.1:40123/0".
func (s *Server) URL() string { return "redis://" + s.addr + "/0" }

// Stop ends the server and waits until it is gone.
func (s *Server) Stop() {
	if s.admin != nil {
		s.admin.Close()
	}
	if s.process != nil {
		_ = s.process.Stop(context.Background())
	}
	s.remove()
}

// Version returns what the server says it is, as "7.0.15".
func (s *Server) Version(ctx context.Context) (string, error) {
	info, err := s.info(ctx, "server")
	return info["redis_version"], err
}

// Flush deletes everything.
func (s *Server) Flush(ctx context.Context) error {
	return s.admin.Do(ctx, s.admin.B().Flushall().Build()).Error()
}

// Reads returns how many times a key was looked up for reading so far, by whatever
// command; one MGET looks up as many as it names.
func (s *Server) Reads(ctx context.Context) (int64, error) {
	info, err := s.info(ctx, "stats")
	if err != nil {
		return 0, err
	}
	var n int64
	for _, name := range []string{"keyspace_hits", "keyspace_misses"} {
		count, err := strconv.ParseInt(info[name], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("redisserver: %s: %w", name, err)
		}
		n += count
	}
	return n, nil
}

// CPU returns the processor time that the server has used so far, in its own code and
// in the kernel's.
func (s *Server) CPU(ctx context.Context) (time.Duration, error) {
	info, err := s.info(ctx, "cpu")
	if err != nil {
		return 0, err
	}
	var seconds float64
	for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
		part, err := strconv.ParseFloat(info[name], 64)
		if err != nil {
			return 0, fmt.Errorf("redisserver: %s: %w", name, err)
		}
		seconds += part
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

func (s *Server) info(ctx context.Context, section string) (map[string]string, error) {
	text, err := s.admin.Do(ctx, s.admin.B().Info().Section(section).Build()).ToString()
	if err != nil {
		return nil, fmt.Errorf("redisserver: info %s: %w", section, err)
	}
	info := make(map[string]string)
	for line := range strings.SplitSeq(text, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			info[name] = value
		}
	}
	return info, nil
}
