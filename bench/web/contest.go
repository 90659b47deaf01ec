package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"github.com/speedlayer/speedlayer/bench/redisserver"
)

// Config is one comparison.
type Config struct {
	Programs Programs
	Rounds   int
	// For is how long each server is loaded in each round, after a third of it to
	// warm up.
	For         time.Duration
	Connections int
	// Progress is told each rate.
	Progress func(format string, args ...any)
}

// The IDs of the servers.
const (
	KursappLocal = "kursapp-local"
	KursappRedis = "kursapp-redis"
	ByHandLocal  = "rueidis-docache"
	ByHandRedis  = "rueidis-get"
	NetHTTP      = "net-http"
)

// Result has the requests per second of each server, round by round.
type Result struct {
	Rates map[string][]float64
	// Answer is what was sent.
	Answer Answer
	// NoRedisTier is set where kursapp's local tier cannot be turned off; then
	// KursappRedis is missing.
	NoRedisTier bool
}

type contestant struct {
	id string
	running
	asked Request
}

// Run starts the servers and lets them take turns. Each round begins with another one.
func Run(ctx context.Context, c Config) (Result, error) {
	redis, err := redisserver.Start(ctx)
	if err != nil {
		return Result{}, err
	}
	defer redis.Stop()
	var result Result
	servers, err := startAll(ctx, c, redis, &result)
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	if err != nil {
		return Result{}, err
	}
	if result.Rates, err = c.takeTurns(ctx, servers, result.Answer.Body); err != nil {
		return Result{}, err
	}
	return result, checkTiers(ctx, servers)
}

// takeTurns loads one server after the other, in each round, and returns the requests
// per second.
func (c Config) takeTurns(ctx context.Context, servers []contestant, want string) (map[string][]float64, error) {
	rates := make(map[string][]float64)
	for round := range c.Rounds {
		for i := range servers {
			s := servers[(i+round)%len(servers)]
			rate, err := c.load(ctx, s, want)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.id, err)
			}
			c.Progress("web round %d/%d: %s %.0f requests/s", round+1, c.Rounds, s.id, rate)
			rates[s.id] = append(rates[s.id], rate)
		}
	}
	return rates, nil
}

func startAll(ctx context.Context, c Config, redis *redisserver.Server, result *Result) ([]contestant, error) {
	var servers []contestant
	add := func(id string, r running, err error) error {
		if err == nil {
			servers = append(servers, contestant{id, r, Request{}})
		}
		return err
	}
	local, err := startKursapp(ctx, c.Programs.kursapp, redis.URL(), nil, "local")
	if err = add(KursappLocal, local, err); err != nil {
		return servers, err
	}
	canSwitch, err := hasSwitch(ctx, c.Programs.kursapp)
	if err != nil {
		return servers, err
	}
	if result.NoRedisTier = !canSwitch; canSwitch {
		remote, err := startKursapp(ctx, c.Programs.kursapp, redis.URL(), []string{LocalCacheVariable + "=0"}, "redis")
		if err = add(KursappRedis, remote, err); err != nil {
			return servers, err
		}
	}
	if result.Answer, err = learn(ctx, local.base(), Request{}); err != nil {
		return servers, err
	}
	for _, s := range []struct {
		id   string
		mode Mode
	}{{NetHTTP, Bare}, {ByHandLocal, DoCache}, {ByHandRedis, Get}} {
		r, err := startServer(ctx, c.Programs.server, s.mode, redis.Addr(), result.Answer)
		if err = add(s.id, r, err); err != nil {
			return servers, err
		}
	}
	return servers, nil
}

// checkTiers makes sure that kursapp still answers from where it should.
func checkTiers(ctx context.Context, servers []contestant) error {
	for _, s := range servers {
		var err error
		switch s.id {
		case KursappLocal:
			err = s.awaitTier(ctx, "local")
		case KursappRedis:
			err = s.awaitTier(ctx, "redis")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// load runs the generator as a process of its own.
func (c Config) load(ctx context.Context, s contestant, want string) (float64, error) {
	//nolint:gosec // G204: the program was built by Build.
	out, err := exec.CommandContext(ctx, c.Programs.load, "-addr", s.addr, "-path", s.asked.path(), "-header", s.asked.Header,
		"-status", strconv.Itoa(s.asked.status()), "-counts="+strconv.FormatBool(s.asked.Counts), "-want", want,
		"-connections", strconv.Itoa(c.Connections),
		"-warm", (c.For / 3).String(), "-for", c.For.String()).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return 0, fmt.Errorf("web: load: %w: %s", err, exit.Stderr)
		}
		return 0, fmt.Errorf("web: load: %w", err)
	}
	var count Count
	if err := json.Unmarshal(out, &count); err != nil {
		return 0, fmt.Errorf("web: load: %w", err)
	}
	return count.Rate(), nil
}
