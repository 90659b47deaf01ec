package test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// The bounds of the contract, with the time that a request takes on a loaded
// machine on top.
const (
	redisGoneBound   = 2*time.Second + slack
	redisFrozenBound = 5*time.Second + slack
	slack            = 6 * time.Second
)

// within runs one request and fails when it takes longer than limit.
func within(t *testing.T, limit time.Duration, p *process, s step) result {
	t.Helper()
	begin := time.Now()
	r := s.run(t, p)
	if took := time.Since(begin); took > limit {
		t.Errorf("%s took %v, want at most %v", s.name, took.Round(time.Millisecond), limit)
	}
	return r
}

func TestLifeWithoutRedis(t *testing.T) {
	t.Parallel()
	for _, fault := range []struct {
		name         string
		strike, heal func(*redistest.Server, testing.TB)
		bound        time.Duration
	}{
		{"killed", (*redistest.Server).Kill, (*redistest.Server).Restart, redisGoneBound},
		{"frozen", (*redistest.Server).Freeze, (*redistest.Server).Thaw, redisFrozenBound},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			prod := newProduction(t)
			p := start(t, prod.env, "serve")
			admin := p.login(t, adminEmail)
			p.request(t, "GET", "/users/1", "", admin)

			fault.strike(prod.redis, t)
			// The session may be in memory, for a second.
			eventually(t, fault.bound, func() error {
				if r := p.request(t, "GET", "/profile", "", admin); r.status != 503 {
					return errStatus(r)
				}
				return nil
			})
			retry := within(t, fault.bound, p, step{"profile", "GET", "/profile", "", []string{admin}, 503, "erneut"})
			if retry.header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
			within(t, fault.bound, p, step{"logout", "POST", "/logout", "", []string{admin}, 503, "erneut"})
			within(t, fault.bound, p, step{"login", "POST", "/login", `{"email":"` + userEmail + `","password":"` + password + `"}`, nil, 503, "erneut"})
			within(t, fault.bound, p, step{"register", "POST", "/users", `{"name":"N","email":"nobody@example.com","password":"correct horse"}`, nil, 503, "erneut"})
			eventually(t, startTimeout, func() error {
				if r := p.request(t, "GET", "/health", ""); r.status != 200 || strings.TrimSpace(r.body) != `{"status":"ok","redis":false}` {
					return fmt.Errorf("health: %d %s", r.status, r.body)
				}
				return nil
			})

			fault.heal(prod.redis, t)
			eventually(t, startTimeout, func() error {
				if r := p.request(t, "GET", "/health", ""); strings.TrimSpace(r.body) != `{"status":"ok","redis":true}` {
					return fmt.Errorf("health: %s", r.body)
				}
				r := p.request(t, "POST", "/users", `{"name":"N","email":"nobody@example.com","password":"correct horse"}`)
				if r.status != 201 {
					return fmt.Errorf("register: %d %s", r.status, r.body)
				}
				return nil
			})
			p.login(t, userEmail)
		})
	}
}

func TestTheDemoReadsAndWritesWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.WithAppendOnly())
	p := start(t, []string{"REDIS_URL=" + redis.URL()}, "demo")
	step{"fill", "GET", "/users/1", "", nil, 200, maxJSON}.run(t, p)
	redis.Kill(t)

	r := within(t, redisGoneBound, p, step{"read", "GET", "/users/1", "", nil, 200, maxJSON})
	if got := r.header.Get("Cache-Status"); !strings.Contains(got, "database") {
		t.Errorf("Cache-Status %q, want the database", got)
	}
	changed := `{"id":1,"name":"Neu","email":"max@example.com"}`
	within(t, redisGoneBound, p, step{"write", "PUT", "/users/1", `{"name":"Neu","email":"max@example.com"}`, nil, 200, changed})
	within(t, redisGoneBound, p, step{"read back", "GET", "/users/1", "", nil, 200, changed})
	within(t, redisGoneBound, p, step{"data", "GET", "/api/data", "", nil, 200, `{"message":"Hier sind deine Daten!"}`})

	// Redis comes back with the old user in it. No read may ever see that.
	redis.Restart(t)
	eventually(t, startTimeout, func() error {
		r := p.request(t, "GET", "/users/1", "")
		if strings.TrimSpace(r.body) != changed {
			t.Fatalf("a stale user came back: %s", r.body)
		}
		if !strings.Contains(r.header.Get("Cache-Status"), "; hit") {
			return fmt.Errorf("not cached again: %s", r.header.Get("Cache-Status"))
		}
		return nil
	})
}

func TestServeStartsWhileBothAreDown(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	postgres := pgtest.Start(t)
	database := postgres.Database(t)
	redis.Kill(t)
	postgres.Kill(t)
	p := start(t, []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + database}, "serve")
	step{"health", "GET", "/health", "", nil, 200, `{"status":"ok","redis":false}`}.run(t, p)
	p.wantLog(t, "Redis nicht erreichbar: ")
	within(t, redisFrozenBound, p, step{"register", "POST", "/users", `{"name":"N","email":"n@example.com","password":"correct horse"}`, nil, 503, "erneut"})
	redis.Restart(t)
	postgres.Restart(t)
	// Registrations are limited, also those that find no database. Logins are not: what
	// looked at no password costs nothing.
	eventually(t, startTimeout, func() error {
		if r := p.request(t, "POST", "/login", `{"email":"n@example.com","password":"correct horse"}`); r.status != 401 {
			return errStatus(r)
		}
		return nil
	})
	eventually(t, startTimeout, func() error {
		r := p.request(t, "POST", "/users", `{"name":"N","email":"n@example.com","password":"correct horse"}`)
		if r.status != 201 {
			return fmt.Errorf("register: %d %s", r.status, r.body)
		}
		return nil
	})
}

func TestLifeWithoutPostgreSQL(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	postgres := pgtest.Start(t)
	p := start(t, []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + postgres.Database(t)}, "demo")
	step{"fill", "GET", "/users/1", "", nil, 200, maxJSON}.run(t, p)
	postgres.Kill(t)
	step{"cached", "GET", "/users/1", "", nil, 200, maxJSON}.run(t, p)
	r := within(t, redisFrozenBound, p, step{"not cached", "GET", "/users/3", "", nil, 503, "erneut"})
	if r.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	postgres.Restart(t)
	eventually(t, startTimeout, func() error {
		if r := p.request(t, "GET", "/users/3", ""); r.status != 200 {
			return fmt.Errorf("read: %d %s", r.status, r.body)
		}
		return nil
	})
}

func TestAKilledDemoTakesItsRedisWithIt(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "demo")
	pid := childNamed(t, p.cmd.Process.Pid, "redis-server")
	p.kill()
	eventually(t, startTimeout, func() error {
		if syscall.Kill(pid, 0) == nil && !isZombie(pid) {
			return fmt.Errorf("redis-server %d outlives its parent", pid)
		}
		return nil
	})
}

func TestRequestsInFlightAreFinishedAtTheStop(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	p := start(t, prod.env, "serve")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(startTimeout))
	answers := bufio.NewReader(conn)
	body := `{"email":"` + userEmail + `","password":"` + password + `"}`
	fmt.Fprintf(conn, "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	// The server says 100 when the handler reads the body: the request is in
	// flight.
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err)
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	eventually(t, startTimeout, func() error {
		if _, err := p.try(t.Context(), "GET", "/health", ""); err == nil {
			return fmt.Errorf("new requests are still accepted")
		}
		return nil
	})
	fmt.Fprint(conn, body)
	answer, err := io.ReadAll(answers)
	if err != nil || !strings.Contains(string(answer), "200 OK") || !strings.Contains(string(answer), "Eingeloggt!") {
		t.Errorf("the request in flight got %q (%v)", answer, err)
	}
	<-p.done
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	mails := newMailServer(t)
	mails.Delay(time.Hour)
	p := start(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr), "serve")
	prod.redis.CLI(t, "LPUSH", "email_queue", `{"to":"max@example.com","subject":"Hallo","body":"langsam"}`)
	eventually(t, startTimeout, func() error {
		if n := prod.queueStats(t); n.Running != 1 {
			return fmt.Errorf("%d tasks run", n.Running)
		}
		return nil
	})
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.wantLog(t, "stopping")
	eventually(t, startTimeout, func() error {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // again, where the last one came too early to count
		select {
		case <-p.done:
			return nil
		default:
			return errors.New("the second signal did not end the process")
		}
	})
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Errorf("it drained in spite of the second signal: %v", p.cmd.ProcessState)
	}
}
