package test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestCommandLineMistakesExitWithTwoAndSayWhatToDo(t *testing.T) {
	t.Parallel()
	database, redis := "DATABASE_URL=postgres://kurs:geheim@127.0.0.1:1/kurs", "REDIS_URL=redis://127.0.0.1:1/0"
	for _, c := range []struct {
		name string
		env  []string
		args string
		want []string
	}{
		{"no database", []string{redis}, "serve", []string{"DATABASE_URL", "postgres://user:password@host:5432/database"}},
		{"no redis", []string{database}, "serve", []string{"REDIS_URL", "redis://host:6379/0"}},
		{"neither", nil, "worker", []string{"DATABASE_URL", "REDIS_URL"}},
		{"malformed database", []string{"DATABASE_URL=mysql://kurs:geheim@127.0.0.1/kurs", redis}, "serve", []string{"DATABASE_URL", "postgres://user:password@host:5432/database"}},
		{"malformed redis", []string{database, "REDIS_URL=http://:geheim@127.0.0.1"}, "serve", []string{"REDIS_URL", "redis://"}},
		{"malformed mail server", []string{database, redis, "SMTP_URL=ftp://u:geheim@x"}, "serve", []string{"SMTP_URL", "smtp://"}},
		{"origin with a path", []string{database, redis, "KURSAPP_CORS_ORIGINS=https://a.example/app"}, "serve", []string{"KURSAPP_CORS_ORIGINS", "https://app.example.com"}},
		{"a proxy by name", []string{database, redis, "KURSAPP_TRUSTED_PROXIES=10.0.0.0/8,proxy"}, "serve", []string{"KURSAPP_TRUSTED_PROXIES", `"proxy"`, "192.0.2.7"}},
		{"mails that name nowhere", []string{database, redis, "KURSAPP_PUBLIC_URL=ftp//x"}, "serve", []string{"KURSAPP_PUBLIC_URL", "https://kurs.example.com"}},
		{"demo for everybody", []string{"KURSAPP_ADDR=0.0.0.0:8000"}, "demo", []string{"KURSAPP_ADDR", "127.0.0.1"}},
		{"demo on a far database", []string{"KURSAPP_ADDR=127.0.0.1:0", "DATABASE_URL=postgres://kurs:geheim@192.0.2.1/kurs"}, "demo", []string{"DATABASE_URL", "on this machine"}},
		{"a local cache in bytes", []string{"KURSAPP_LOCAL_CACHE_MB=33554432"}, "demo", []string{"KURSAPP_LOCAL_CACHE_MB", "MiB"}},
		{"unknown command", nil, "serv", []string{"--help"}},
		{"unknown level", []string{"KURSAPP_LOG_LEVEL=loud"}, "demo", []string{"log-level"}},
		{"migrate without a database", nil, "migrate up", []string{"DATABASE_URL"}},
		{"queue without redis", []string{database}, "queue stats", []string{"REDIS_URL", "redis://host:6379/0"}},
		{"unknown queue", []string{redis}, "queue list emails", []string{"emails", "email_queue, account_mail"}},
		{"retry of nothing", []string{redis}, "queue retry email_queue", []string{"queue list email_queue", "--all-dead"}},
		{"limits without redis", nil, "limits show data 192.0.2.1", []string{"REDIS_URL", "redis://host:6379/0"}},
		{"unknown limit", []string{redis}, "limits reset login 192.0.2.1", []string{`"login"`, "login-address, login-account"}},
		{"password as an argument", []string{database}, "user add a@example.com --name A --password x", []string{"--password"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, code := command(t, c.env, "", strings.Fields(c.args)...)
			if code != 2 {
				t.Errorf("exit code %d, want 2:\n%s", code, out)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("the error does not mention %q:\n%s", want, out)
				}
			}
			if strings.Contains(out, "geheim") {
				t.Errorf("the error shows the password:\n%s", out)
			}
		})
	}
}

func TestHelpTeaches(t *testing.T) {
	t.Parallel()
	for args, want := range map[string][]string{
		"--help":        {"demo", "serve", "worker", "migrate", "user", "queue", "limits", "openapi", "version", "DATABASE_URL"},
		"demo --help":   {"KURSAPP_ADDR", "127.0.0.1:8000", "REDIS_URL", "DATABASE_URL", "--data-dir", "KURSAPP_LOCAL_CACHE_MB"},
		"serve --help":  {"DATABASE_URL", "REDIS_URL", "SMTP_URL", "KURSAPP_CORS_ORIGINS", "KURSAPP_LOG_LEVEL", "migrate", "worker"},
		"limits --help": {"list", "show", "reset", "REDIS_URL", "KURSAPP_LIMITS_FILE"},
		"queue --help":  {"stats", "list", "retry", "delete", "pause", "resume", "REDIS_URL"},
		"openapi":       {`"openapi": "3.1.0"`, `"/users/{id}"`, `"/demo/mails"`},
		"version":       {"kursapp ", "go1."},
	} {
		out, code := command(t, nil, "", strings.Fields(args)...)
		if code != 0 {
			t.Errorf("kursapp %s: exit code %d\n%s", args, code, out)
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("kursapp %s does not mention %q:\n%s", args, w, out)
			}
		}
	}
}

func TestTakenPortIsExplained(t *testing.T) {
	t.Parallel()
	first := start(t, nil, "demo")
	out, code := command(t, []string{"KURSAPP_ADDR=" + strings.TrimPrefix(first.base, "http://")}, "", "demo")
	if code != 2 || !strings.Contains(out, "taken") || !strings.Contains(out, "KURSAPP_ADDR=") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestDemoAndProductionRefuseEachOthersData(t *testing.T) {
	t.Parallel()
	redis, other := redistest.Start(t), redistest.Start(t)
	database, fresh := pgtest.Database(t), pgtest.Database(t)
	addr := "KURSAPP_ADDR=127.0.0.1:0"
	demo := start(t, []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + database}, "demo")
	if code := demo.stop(t); code != 0 {
		t.Fatalf("demo: exit code %d", code)
	}

	// The demo's database is refused, and the message names the way out.
	out, code := command(t, []string{addr, "REDIS_URL=" + other.URL(), "DATABASE_URL=" + database}, "", "serve")
	if code != 2 || !strings.Contains(out, "kursapp migrate undemo") {
		t.Errorf("serve on a demo's database: exit code %d\n%s", code, out)
	}
	// So is its Redis.
	out, code = command(t, []string{addr, "REDIS_URL=" + redis.URL(), "DATABASE_URL=" + fresh}, "", "serve")
	if code != 2 || !strings.Contains(out, "demo") {
		t.Errorf("serve on a demo's Redis: exit code %d\n%s", code, out)
	}
	// The way out works: no sample user is left, and production starts.
	mustRun(t, []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + database}, "", "migrate", "undemo")
	if out := mustRun(t, []string{"DATABASE_URL=" + database}, "", "user", "list"); strings.Contains(out, "max@example.com") {
		t.Errorf("Max survived undemo:\n%s", out)
	}
	serve := start(t, []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + database}, "serve")
	step{"health", "GET", "/health", "", nil, 200, `{"status":"ok","redis":true}`}.run(t, serve)
	serve.stop(t)

	// Now both belong to production, and the demo refuses them.
	out, code = command(t, []string{addr, "DATABASE_URL=" + database}, "", "demo")
	if code != 2 || !strings.Contains(out, "empty") {
		t.Errorf("demo on a production database: exit code %d\n%s", code, out)
	}
	out, code = command(t, []string{addr, "REDIS_URL=" + redis.URL()}, "", "demo")
	if code != 2 || !strings.Contains(out, "production") {
		t.Errorf("demo on a production Redis: exit code %d\n%s", code, out)
	}
}

func TestADemoEndsWhenItsDatabaseBecomesProductions(t *testing.T) {
	t.Parallel()
	database := "DATABASE_URL=" + pgtest.Database(t)
	demo := start(t, []string{database}, "demo")
	mustRun(t, []string{database}, "", "migrate", "undemo")
	mustRun(t, []string{database}, "", "migrate", "up")
	select {
	case <-demo.done:
	case <-time.After(startTimeout):
		t.Fatal("the demo goes on to let everybody into production's database")
	}
	if code := demo.cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(demo.log.String(), "no longer belongs") {
		t.Errorf("exit code %d", code)
	}
}

func TestAServerEndsWhenItsRedisBecomesTheOtherModes(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	serve := start(t, prod.env, "serve")
	prod.redis.CLI(t, "SET", "kursapp:mode", "demo")
	select {
	case <-serve.done:
	case <-time.After(startTimeout):
		t.Fatal("the server goes on with a demo's Redis")
	}
	if code := serve.cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(serve.log.String(), "REDIS_URL") {
		t.Errorf("exit code %d", code)
	}
}

func TestADemoLeavesARedisWithForeignDataAlone(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	redis.CLI(t, "SET", "session:of:somebody", "theirs")
	out, code := command(t, []string{"KURSAPP_ADDR=127.0.0.1:0", "REDIS_URL=" + redis.URL()}, "", "demo")
	if code != 2 || !strings.Contains(out, "holds 1 keys") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if keys := redis.CLI(t, "KEYS", "*"); strings.TrimSpace(keys) != "session:of:somebody" {
		t.Errorf("keys: %s", keys)
	}
}

func TestADemoMarksItsRedisAgainAfterADataLoss(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	p := start(t, []string{"REDIS_URL=" + redis.URL()}, "demo")
	redis.Flush(t)
	// A key of its own may come before the next mark.
	step{"read", "GET", "/users/1", "", nil, 200, maxJSON}.run(t, p)
	eventually(t, startTimeout, func() error {
		if mark := strings.TrimSpace(redis.CLI(t, "GET", "kursapp:mode")); mark != "demo" {
			return fmt.Errorf("the mark is %q", mark)
		}
		return nil
	})
	step{"health", "GET", "/health", "", nil, 200, `{"status":"ok","redis":true}`}.run(t, p)
}

func TestSeveralDemosShareOneDatabaseAndRedis(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	env := []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + pgtest.Database(t)}
	one := launch(t, env, "demo")
	two := start(t, env, "demo")
	eventually(t, startTimeout, func() error {
		one.base = "http://" + one.log.ListenAddress()
		_, err := one.try(t.Context(), "GET", "/health", "")
		return err
	})
	step{"change at one", "PUT", "/users/8", `{"name":"Acht","email":"user8@example.com"}`, nil, 200, `{"id":8,"name":"Acht","email":"user8@example.com"}`}.run(t, one)
	step{"read at two", "GET", "/users/8", "", nil, 200, `{"id":8,"name":"Acht","email":"user8@example.com"}`}.run(t, two)
}

func TestAccountsFromTheShell(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	if out, code := command(t, prod.env, "kurz\n", "user", "add", "b@example.com", "--name", "B"); code == 0 || !strings.Contains(out, "password") {
		t.Errorf("a short password was taken: exit code %d\n%s", code, out)
	}
	if out, code := command(t, prod.env, password+"\n", "user", "add", "MAX@example.com", "--name", "B"); code == 0 || !strings.Contains(out, "taken") {
		t.Errorf("a taken address was taken: exit code %d\n%s", code, out)
	}
	for _, want := range []string{
		"Max (max@example.com) is now: admin. Its sessions end, and the next login has the new role.\n",
		"Max (max@example.com) is already: admin. Nothing changes.\n",
	} {
		if out := mustRun(t, prod.env, "", "user", "set-role", "max@EXAMPLE.com", "admin"); !strings.Contains(out, want) {
			t.Errorf("set-role says %q, want %q", out, want)
		}
	}
	out := mustRun(t, prod.env, "", "user", "list")
	if strings.Count(out, "admin") != 2 || !strings.Contains(out, "max@example.com") {
		t.Errorf("user list:\n%s", out)
	}
	p := start(t, prod.env, "serve")
	step{"now an administrator", "GET", "/users/2", "", []string{p.login(t, userEmail)}, 200, `{"id":2,"name":"Chefin","email":"chef@example.com"}`}.run(t, p)
	if out := mustRun(t, prod.env, "", "migrate", "status"); !strings.Contains(out, "applied") {
		t.Errorf("migrate status:\n%s", out)
	}
}

func TestServeWithoutMigrationWaitsForIt(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	env := []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + pgtest.Database(t)}
	p := start(t, env, "serve", "--migrate=false")
	step{"not migrated", "POST", "/users", `{"name":"N","email":"n@example.com","password":"correct horse"}`, nil, 503, "erneut"}.run(t, p)
	mustRun(t, env, "", "migrate", "up")
	eventually(t, startTimeout, func() error {
		r := p.request(t, "POST", "/users", `{"name":"N","email":"n@example.com","password":"correct horse"}`)
		if r.status != 201 {
			return errStatus(r)
		}
		return nil
	})
}
