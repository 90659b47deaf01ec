package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/speedlayer/speedlayer/internal/supervise"
)

// LocalCacheVariable turns kursapp's local tier off when it is 0.
const LocalCacheVariable = "KURSAPP_LOCAL_CACHE_MB"

const startTimeout = 30 * time.Second

// running is a server that was started.
type running struct {
	addr    string
	process *supervise.Process
}

func (r running) stop() { _ = r.process.Stop(context.Background()) }

func (r running) base() string { return "http://" + r.addr }

// hasSwitch reports whether this kursapp can be told to read from Redis each time.
func hasSwitch(ctx context.Context, program string) (bool, error) {
	help, err := exec.CommandContext(ctx, program, "demo", "--help").Output()
	if err != nil {
		return false, fmt.Errorf("web: kursapp demo --help: %w", err)
	}
	return bytes.Contains(help, []byte(LocalCacheVariable)), nil
}

// startKursapp starts `kursapp demo` on a free port and waits until it answers from
// the tier that it should answer from.
func startKursapp(ctx context.Context, program, redisURL string, env []string, from string) (running, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return running{}, err
	}
	environment := append(os.Environ(), "KURSAPP_ADDR="+addr, "KURSAPP_LOG_LEVEL=warn", "REDIS_URL="+redisURL)
	r, err := start(ctx, addr, Request{}, supervise.Command{Path: program, Args: []string{"demo"}, Env: append(environment, env...)})
	if err != nil {
		return running{}, err
	}
	if err := r.awaitTier(ctx, from); err != nil {
		r.stop()
		return running{}, err
	}
	return r, nil
}

// awaitTier asks until several answers in a row come from a tier: one alone may, on
// the way of a value from the database to memory.
func (r running) awaitTier(ctx context.Context, want string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for inRow := 0; inRow < 5; {
		header, _, err := fetch(ctx, r.base(), Request{})
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("web: kursapp does not answer from tier %q: %w", want, ctx.Err())
		case err != nil:
			return err
		case tier(header) == want:
			inRow++
		default:
			inRow = 0
		}
	}
	return nil
}

// startServer starts a server of this package.
func startServer(ctx context.Context, program string, mode Mode, redisAddr string, a Answer) (running, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return running{}, err
	}
	file, err := a.save(filepath.Dir(program))
	if err != nil {
		return running{}, err
	}
	return start(ctx, addr, Request{}, supervise.Command{Path: program, Args: []string{
		"-addr", addr, "-redis", redisAddr, "-mode", string(mode), "-answer", file,
	}})
}

// save writes the answer into a file of this folder.
func (a Answer) save(dir string) (string, error) {
	answer, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "answer.json")
	return file, os.WriteFile(file, answer, 0o600)
}

// start returns when the server answers.
func start(ctx context.Context, addr string, first Request, command supervise.Command) (running, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	process, err := supervise.Start(ctx, command)
	if err != nil {
		return running{}, err
	}
	r := running{addr, process}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		_, _, err := fetch(ctx, r.base(), first)
		if err == nil {
			return r, nil
		}
		select {
		case <-process.Done():
			return running{}, errors.Join(fmt.Errorf("web: %s ended while it started", command.Path), process.Err())
		case <-ctx.Done():
			r.stop()
			return running{}, fmt.Errorf("web: %s does not answer: %w", command.Path, err)
		case <-tick.C:
		}
	}
}

func freeAddr(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
