// Package embedded gives `kursapp demo` a Redis where nobody set one up: a
// private redis-server if one is installed, else miniredis inside the process.
// Neither is for production.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
	"github.com/speedlayer/speedlayer/internal/supervise"
)

// Redis is a Redis of this process's own.
type Redis struct {
	// Options connect to it.
	Options rueidis.ClientOption
	// Description says what it is, for a person.
	Description string
	// CLI is the redis-cli command that shows its keys.
	CLI string
	// InProcess is true for miniredis, which lives and dies with this process.
	InProcess bool

	stop func(context.Context) error
}

// Stop ends it and waits until it is gone. Its data is lost.
func (r *Redis) Stop(ctx context.Context) error { return r.stop(ctx) }

// StartRedis starts a private redis-server whose socket lies in dir, or
// miniredis if no redis-server is on PATH. The server ends with this process,
// however that ends. dir must be short: a Unix socket's path has about 100
// characters.
func StartRedis(ctx context.Context, dir string) (*Redis, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return startMini()
	}
	return startServer(ctx, path, dir)
}

const startTimeout = 10 * time.Second

func startServer(ctx context.Context, path, dir string) (*Redis, error) {
	socket := filepath.Join(dir, "redis.sock")
	child, err := supervise.Start(ctx, supervise.Command{
		Path: path,
		Args: []string{"--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", dir, "--save", "", "--appendonly", "no"},
	})
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	options, err := redisx.ParseURL("unix://" + socket)
	if err == nil {
		err = waitReady(ctx, child, options)
	}
	if err != nil {
		child.Kill()
		return nil, fmt.Errorf("embedded: redis-server did not start: %w", err)
	}
	return &Redis{
		Options:     options,
		Description: "private redis-server (" + path + ")",
		CLI:         "redis-cli -s " + socket,
		stop:        child.Stop,
	}, nil
}

// waitReady returns when the server answers a PING.
func waitReady(ctx context.Context, child *supervise.Process, options rueidis.ClientOption) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	options.ForceSingleClient = true
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		client, err := rueidis.NewClient(options)
		if err == nil {
			last = client.Do(ctx, client.B().Ping().Build()).Error()
		} else {
			last = err
		}
		if client != nil {
			client.Close()
		}
		if last == nil {
			return nil
		}
		select {
		case <-child.Done():
			return errors.Join(errors.New("it ended at once"), child.Err())
		case <-ctx.Done():
			return errors.Join(ctx.Err(), last)
		case <-tick.C:
		}
	}
}

// miniTick is how often miniredis's clock is moved on: it expires keys only
// when told that time has passed.
const miniTick = 100 * time.Millisecond

func startMini() (*Redis, error) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("embedded: miniredis: %w", err)
	}
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(miniTick)
		defer tick.Stop()
		last := time.Now()
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				server.FastForward(now.Sub(last))
				last = now
			}
		}
	}()
	options, err := redisx.ParseURL("redis://" + server.Addr())
	if err != nil {
		close(done)
		server.Close()
		return nil, fmt.Errorf("embedded: %w", err)
	}
	// miniredis speaks RESP2 and knows no CLIENT TRACKING.
	options.AlwaysRESP2, options.DisableCache = true, true
	return &Redis{
		Options:     options,
		Description: "miniredis inside this process (no redis-server is installed)",
		CLI:         "redis-cli -u redis://" + server.Addr(),
		InProcess:   true,
		stop: func(context.Context) error {
			close(done)
			<-ended
			server.Close()
			return nil
		},
	}, nil
}
