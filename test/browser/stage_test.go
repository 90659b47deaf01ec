package browser

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/test/internal/kursapptest"
	"github.com/speedlayer/speedlayer/test/internal/mailtest"
)

// The accounts of production, which the tests know from their environment.
const (
	adminEmail = "chef@example.com"
	userEmail  = "max@example.com"
	// An administrator whose sessions one test ends.
	briefEmail = "kurz@example.com"
	password   = "correct horse battery"
)

// looseLimits lets the tests, which all come from one address, register and log in as
// often as they like. The limit of GET /api/data is the usual one.
const looseLimits = `
[register]
limit = 1000
[login-address]
limit = 1000
[login-account]
limit = 1000
[reset-address]
limit = 1000
[reset-account]
limit = 1000
`

// server is a kursapp with a Redis and a database of its own.
type server struct {
	app   *app
	redis *redistest.Server
	mails *mailtest.Server // nil in the demo, which has a mailbox
}

// stage is all that the tests play on: a demo that stays well, one whose Redis they may
// break, and production.
type stage struct {
	servers map[string]server
}

// setStage starts everything, with the usual limits where it is shown to people.
func setStage(t *testing.T, binary string, show bool) stage {
	t.Helper()
	limits := filepath.Join(t.TempDir(), "limits.toml")
	if err := os.WriteFile(limits, []byte(looseLimits), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(redis *redistest.Server) []string {
		env := []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + pgtest.Database(t)}
		if !show {
			env = append(env, "KURSAPP_LIMITS_FILE="+limits)
		}
		return env
	}
	demo := func() server {
		redis := redistest.Start(t, redistest.WithAppendOnly())
		return server{app: startApp(t, binary, env(redis), "demo"), redis: redis}
	}
	production := func() server {
		redis, mails := redistest.Start(t), mailtest.Start(t)
		env := append(env(redis), "SMTP_URL=smtp://"+mails.Addr())
		kursapptest.MustRun(t, binary, env, "", "migrate", "up")
		kursapptest.MustRun(t, binary, env, password+"\n", "user", "add", userEmail, "--name", "Max")
		kursapptest.MustRun(t, binary, env, password+"\n", "user", "add", adminEmail, "--name", "Chefin", "--role", "admin")
		kursapptest.MustRun(t, binary, env, password+"\n", "user", "add", briefEmail, "--name", "Kurz", "--role", "admin")
		return server{app: startApp(t, binary, env, "serve"), redis: redis, mails: mails}
	}
	return stage{map[string]server{"demo": demo(), "shaky": demo(), "production": production()}}
}
