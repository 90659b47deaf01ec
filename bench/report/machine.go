package report

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/speedlayer/speedlayer/bench/peer"
	"github.com/speedlayer/speedlayer/bench/redisserver"
)

// Machine is where and with what something was measured.
type Machine struct {
	Date    time.Time
	CPU     string
	Cores   int
	Go      string
	Redis   string
	Commit  string   // of speedlayer
	Modules []string // as "github.com/redis/rueidis v1.0.79"
}

// Look finds out about this machine. cpu is its name, as benchmarks print it; wanted
// are the modules whose versions are of interest.
func Look(ctx context.Context, cpu, dir string, wanted ...string) (Machine, error) {
	m := Machine{
		Date: time.Now(), CPU: cpu, Cores: runtime.NumCPU(),
		Go: strings.TrimPrefix(runtime.Version(), "go") + " " + runtime.GOOS + "/" + runtime.GOARCH,
	}
	redis, err := redisserver.Start(ctx)
	if err != nil {
		return m, err
	}
	defer redis.Stop()
	if m.Redis, err = redis.Version(ctx); err != nil {
		return m, err
	}
	m.Commit = commit(ctx, dir)
	m.Modules = modules(wanted)
	return m, nil
}

// commit is empty outside of a git checkout.
func commit(ctx context.Context, dir string) string {
	command := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty")
	command.Dir = dir
	out, err := command.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// CacheModules are those of the contestants of the cache, and go-redis, which
// go-redis/cache sits on.
func CacheModules() []string {
	wanted := []string{"github.com/redis/go-redis/v9"}
	for _, p := range peer.All() {
		wanted = append(wanted, p.Module)
	}
	return wanted
}

// QueueModules are those of the contestants of the queue, and what they sit on.
func QueueModules() []string {
	return []string{
		"github.com/hibiken/asynq", "github.com/redis/go-redis/v9", "github.com/riverqueue/river",
		"github.com/jackc/pgx/v5", "github.com/redis/rueidis",
	}
}

// SessionModules are those of the contestants who keep sessions, and their clients.
func SessionModules() []string {
	return []string{
		"github.com/alexedwards/scs/v2", "github.com/alexedwards/scs/goredisstore", "github.com/redis/go-redis/v9",
		"github.com/gorilla/sessions", "github.com/boj/redistore", "github.com/gomodule/redigo", "github.com/redis/rueidis",
	}
}

// LimitModules are those of the contestants who limit rates, and their clients.
func LimitModules() []string {
	return []string{
		"github.com/go-redis/redis_rate/v10", "github.com/throttled/throttled/v2", "github.com/ulule/limiter/v3",
		"github.com/redis/go-redis/v9", "github.com/redis/rueidis",
	}
}

// modules adds versions.
func modules(wanted []string) []string {
	var found []string
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Replace == nil && slices.Contains(wanted, m.Path) {
				found = append(found, m.Path+" "+m.Version)
			}
		}
	}
	return found
}

// String is the first paragraph of the generated part.
func (m Machine) String() string {
	us := "speedlayer"
	if m.Commit != "" {
		us += " " + m.Commit
	}
	return fmt.Sprintf("Measured on %s: %s, %d cores, Go %s, Redis %s, %s, %s.\n",
		m.Date.Format("2 January 2006"), m.CPU, m.Cores, m.Go, m.Redis, us, strings.Join(m.Modules, ", "))
}
