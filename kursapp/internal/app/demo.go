package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/supervise"
	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/embedded"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite"
)

// demoPassword is Max's, as the course sheet has it: everybody knows it. What
// keeps it out of production is the mark (mark.go, postgres.EnsureProduction).
const demoPassword = "test123"

// demoStore is what both engines offer to the demo.
type demoStore interface {
	database
	PrepareDemo(ctx context.Context, passwordHash string) error
}

func runDemo(ctx context.Context, c config.Demo, log *slog.Logger, out io.Writer) (err error) {
	// The file and the port first: whoever has the one wrong or the other taken should
	// learn that before anything is started or made.
	limitsFile, err := openLimitsFile(c.LimitsFile, log)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, c.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	metricsListener, err := listenForMetrics(ctx, c.MetricsAddr)
	if err != nil {
		return err
	}
	if metricsListener != nil {
		defer metricsListener.Close()
	}
	temporary, remove, err := supervise.TempDir("kursapp-demo")
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	defer remove()

	redis, err := demoRedis(ctx, c.RedisURL, temporary)
	if err != nil {
		return err
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		err = errors.Join(err, redis.stop(stop))
	}()
	if c.DataDir == "" {
		c.DataDir = temporary
	}
	database, err := openDemoStore(ctx, c, log)
	if err != nil {
		return err
	}
	defer database.close()

	hasher, err := kurs.NewHasher(kurs.HasherOptions{})
	if err != nil {
		return err
	}
	hash, err := hasher.Hash(ctx, demoPassword)
	if err != nil {
		return err
	}
	a := newApp(ModeDemo, log, redis.options, database.store, func(ctx context.Context) error {
		return database.store.PrepareDemo(ctx, hash)
	})
	a.owner = database.owner
	a.about = dashboardAbout{database: database.kind, redis: redis.description}
	if redis.identity != nil {
		a.identity = redis.identity
	}
	a.mail = mailRoute{toMailbox: true, publicURL: "http://" + listener.Addr().String()}
	a.metricsListener = metricsListener
	a.listener, a.cors, a.worker, a.localBytes = listener, c.CORSOrigins, true, c.LocalBytes()
	a.localSessionBytes = c.LocalSessionBytes()
	a.auditRetention, a.limitsFile = c.AuditRetention(), limitsFile
	a.greet = func() {
		fmt.Fprint(out, demoGreeting("http://"+listener.Addr().String(), redis, database.description))
	}
	return a.Run(ctx)
}

// demoRedisServer is the Redis of a demo and how to end it.
type demoRedisServer struct {
	options          rueidis.ClientOption
	description, cli string
	stop             func(context.Context) error
	identity         func(context.Context) (string, error) // nil: ask it
}

func demoRedis(ctx context.Context, url, dir string) (demoRedisServer, error) {
	if url != "" {
		options, err := parseRedisURL(url)
		return demoRedisServer{
			options:     options,
			description: strings.Join(options.InitAddress, ", ") + " (REDIS_URL)",
			cli:         redisCLI(options),
			stop:        func(context.Context) error { return nil },
		}, err
	}
	r, err := embedded.StartRedis(ctx, dir)
	if err != nil {
		return demoRedisServer{}, fmt.Errorf("app: %w", err)
	}
	s := demoRedisServer{options: r.Options, description: r.Description, cli: r.CLI, stop: r.Stop}
	if r.InProcess {
		// It says nothing about itself, and its data is as old as this demo.
		id := rand.Text()
		s.identity = func(context.Context) (string, error) { return id, nil }
	}
	return s, nil
}

// redisCLI is the redis-cli command that shows the keys of a Redis that the
// user named, without the password: redis-cli takes it from REDISCLI_AUTH.
func redisCLI(o rueidis.ClientOption) string {
	if len(o.InitAddress) == 0 {
		return "redis-cli"
	}
	command := "redis-cli"
	if socket := o.InitAddress[0]; strings.HasPrefix(socket, "/") {
		command += " -s " + socket
	} else if host, port, err := net.SplitHostPort(socket); err == nil {
		command += " -h " + host + " -p " + port
	}
	if o.TLSConfig != nil {
		command += " --tls"
	}
	if len(o.InitAddress) > 1 && o.Sentinel.MasterSet == "" {
		command += " -c"
	}
	if o.SelectDB != 0 {
		command += fmt.Sprintf(" -n %d", o.SelectDB)
	}
	return command
}

// demoDatabase is the database of a demo and how to close it.
type demoDatabase struct {
	store       demoStore
	owner       func(context.Context) (postgres.Mode, error) // as in App
	kind        string                                       // as the dashboard names it
	description string
	close       func()
}

func openDemoStore(ctx context.Context, c config.Demo, log *slog.Logger) (demoDatabase, error) {
	if c.DatabaseURL != "" {
		store, err := openPostgres(c.DatabaseURL, log)
		if err != nil {
			return demoDatabase{}, err
		}
		return demoDatabase{store, store.Mode, "PostgreSQL", "PostgreSQL at " + store.Address() + " (DATABASE_URL)", store.Close}, nil
	}
	path := filepath.Join(c.DataDir, "kursapp.db")
	store, err := sqlite.Open(ctx, sqlite.Config{Path: path, Logger: log})
	if errors.Is(err, sqlite.ErrInUse) {
		return demoDatabase{}, config.Usagef("%v", err)
	}
	if err != nil {
		return demoDatabase{}, err
	}
	return demoDatabase{store, nil, "SQLite", "SQLite in " + path, func() {
		if err := store.Close(); err != nil {
			log.Warn("the database was not closed properly", "error", err)
		}
	}}, nil
}

// demoGreeting tells a newcomer what runs where and what to type.
func demoGreeting(base string, redis demoRedisServer, database string) string {
	return fmt.Sprintf(`
kursapp demo on %[1]s  (API: %[1]s/docs, stop with Ctrl-C)

  Open      %[1]s/ui/
  Database  %[2]s
  Redis     %[3]s
  Look at   %[4]s
  Login     max@example.com with the password test123

Try, in another terminal:

  curl -i %[1]s/health
  curl -i %[1]s/users/1            # twice: Cache-Status says miss, then hit
  curl -i -X PUT %[1]s/users/1 -H 'Content-Type: application/json' -d '{"name":"Maximilian","email":"max@example.com"}'
  curl -i -X DELETE %[1]s/users/2
  curl -i -X POST '%[1]s/login?email=max@example.com&password=test123'
  curl -i %[1]s/profile -H 'Authorization: Bearer TOKEN'
  curl -i -X POST %[1]s/logout -H 'Authorization: Bearer TOKEN'
  for i in $(seq 11); do curl -s -o /dev/null -w '%%{http_code}\n' %[1]s/api/data; done
  %[4]s LPUSH email_queue '{"to":"max@example.com","subject":"Willkommen!","body":"Hallo Max"}'
  curl -s %[1]s/demo/mails

Another port: KURSAPP_ADDR=127.0.0.1:8001 kursapp demo

`, base, database, redis.description, redis.cli)
}
