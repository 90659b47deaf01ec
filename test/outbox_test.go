package test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // somebody else's program

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// psql is a connection past kursapp, as a person with psql has.
func psql(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// isLocal waits until a user comes from a server's own memory.
func isLocal(t *testing.T, p *process, path string, headers ...string) {
	t.Helper()
	eventually(t, startTimeout, func() error {
		if got := p.request(t, "GET", path, "", headers...).header.Get("Cache-Status"); !strings.HasSuffix(got, "; detail=local") {
			return fmt.Errorf("Cache-Status %q", got)
		}
		return nil
	})
}

// untilShown returns when an answer of a server holds text.
func (p *process) untilShown(ctx context.Context, path, text string, headers ...string) (time.Time, error) {
	var last result
	for ctx.Err() == nil {
		r, err := p.try(ctx, "GET", path, "", headers...)
		if err == nil && strings.Contains(r.body, text) {
			return time.Now(), nil
		}
		last = r
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
		}
	}
	return time.Time{}, fmt.Errorf("%s shows no %q but %s", path, text, last.body)
}

// A person changes a user with psql while three servers have it in their memory.
func TestHandTypedUpdateShowsEverywhere(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	var servers []*process
	for range 3 {
		servers = append(servers, start(t, prod.env, "serve"))
	}
	admin := servers[0].login(t, adminEmail)
	conn := psql(t, prod.database)
	const rounds = 100
	took := make([]time.Duration, rounds)
	for round := range rounds {
		for _, p := range servers {
			isLocal(t, p, "/users/1", admin)
		}
		// Sometimes the relay is at work still, sometimes it sleeps.
		<-time.After(rand.N(150 * time.Millisecond))
		name := fmt.Sprintf("Von Hand %d", round)
		execute(t, conn, `UPDATE public.users SET name = $1 WHERE id = 1`, name)
		committed := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, p := range servers {
			wg.Go(func() {
				at, err := p.untilShown(ctx, "/users/1", name, admin)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				took[round] = max(took[round], at.Sub(committed))
			})
		}
		wg.Wait()
		cancel()
		if t.Failed() {
			return
		}
	}
	slices.Sort(took)
	p25, p99, worst := took[rounds/4], took[rounds-2], took[rounds-1]
	t.Logf("commit until all three show it: p25 %v, p99 %v, worst %v", p25, p99, worst)
	// On a quiet machine p99 is below 100 ms. This is to fail where the poll of a
	// second does the work, which makes p25 a quarter of a second, or the TTL.
	if p25 > 180*time.Millisecond || worst > 30*time.Second {
		t.Errorf("p25 %v, worst %v", p25, worst)
	}
}

// newDemos starts demos that share a PostgreSQL and a Redis: in a demo everybody may
// read.
func newDemos(t *testing.T, n int) (demos []*process, database string) {
	t.Helper()
	database = pgtest.Database(t)
	env := []string{"REDIS_URL=" + redistest.Start(t).URL(), "DATABASE_URL=" + database}
	for range n {
		demos = append(demos, start(t, env, "demo"))
	}
	return demos, database
}

func TestTruncateAndBulkChangesShowEverywhere(t *testing.T) {
	t.Parallel()
	demos, database := newDemos(t, 2)
	conn := psql(t, database)
	show := func(path, text string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
		defer cancel()
		for _, p := range demos {
			if _, err := p.untilShown(ctx, path, text); err != nil {
				t.Error(err)
			}
		}
	}
	cached := func() {
		t.Helper()
		for _, p := range demos {
			for _, path := range []string{"/users/1", "/users/77", "/users?limit=5"} {
				isLocal(t, p, path)
			}
		}
	}
	cached()
	execute(t, conn, `UPDATE public.users SET name = name || ' the Great'`)
	show("/users/1", "Max the Great")
	show("/users/77", "User 77 the Great")
	show("/users?limit=5", "User 5 the Great")
	cached()
	execute(t, conn, `TRUNCATE public.users CASCADE`)
	show("/users/1", "nicht gefunden")
	show("/users/77", "nicht gefunden")
	show("/users?limit=5", `"users":[]`)
}

func TestUpdateInTheDemosFileShows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, nil, "demo", "--data-dir", dir)
	isLocal(t, p, "/users/2")
	db, err := sql.Open("sqlite", filepath.Join(dir, "kursapp.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `PRAGMA busy_timeout = 5000; UPDATE users SET name = 'Von Hand' WHERE id = 2`); err != nil {
		t.Fatal(err)
	}
	committed := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	at, err := p.untilShown(ctx, "/users/2", "Von Hand")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("shown %v after the commit", at.Sub(committed))
	if took := at.Sub(committed); took > 30*time.Second {
		t.Errorf("shown after %v", took)
	}
}

// registerSlowly registers while a lock keeps the INSERT waiting, calls meanwhile, and
// returns the answer.
func registerSlowly(t *testing.T, prod production, p *process, email string, meanwhile func(lock *pgx.Conn)) result {
	t.Helper()
	lock := psql(t, prod.database)
	execute(t, lock, `BEGIN; LOCK TABLE public.users IN SHARE MODE`)
	answered := make(chan result, 1)
	go func() {
		r, err := p.try(context.WithoutCancel(t.Context()), "POST", "/users", `{"name":"Zoe","email":"`+email+`","password":"correct horse"}`)
		if err != nil {
			t.Error(err)
		}
		answered <- r
	}()
	look := psql(t, prod.database)
	eventually(t, startTimeout, func() error {
		var waiting bool
		err := look.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%INSERT INTO public.users%')`).Scan(&waiting)
		if err == nil && !waiting {
			err = errors.New("the registration does not wait yet")
		}
		return err
	})
	meanwhile(look)
	execute(t, lock, `ROLLBACK`)
	return <-answered
}

func TestRegistrationCommitsWithItsMail(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	mails := newMailServer(t)
	p := start(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr), "serve")

	zoe := ""
	t.Run("Redis is killed before the commit", func(t *testing.T) {
		// The registration waits for the lock for two seconds; a machine that is busy for
		// longer has other tries.
		var r result
		for try := range 10 {
			zoe = fmt.Sprintf("zoe%d@example.com", try)
			r = registerSlowly(t, prod, p, zoe, func(*pgx.Conn) { prod.redis.Kill(t) })
			if r.status == 201 {
				break
			}
			prod.redis.Restart(t)
			eventually(t, startTimeout, func() error {
				if h := p.request(t, "GET", "/health", ""); !strings.Contains(h.body, `"redis":true`) {
					return errStatus(h)
				}
				return nil
			})
		}
		if r.status != 201 {
			t.Fatalf("register: %d %s", r.status, r.body)
		}
		if n := len(mails.To(zoe)); n != 0 {
			t.Fatalf("%d mails without a Redis", n)
		}
		p.wantLog(t, "does not reach Redis")
		prod.redis.Restart(t)
		mails.wait(t, zoe)
	})
	t.Run("the transaction is rolled back", func(t *testing.T) {
		eventually(t, startTimeout, func() error { // until the limiter has its Redis again
			r := registerSlowly(t, prod, p, "adam@example.com", func(look *pgx.Conn) {
				execute(t, look, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
					WHERE datname = current_database() AND query LIKE '%INSERT INTO public.users%' AND pid <> pg_backend_pid()`)
			})
			if r.status != 503 {
				return fmt.Errorf("register: %d %s", r.status, r.body)
			}
			return nil
		})
	})
	conn := psql(t, prod.database)
	eventually(t, startTimeout, func() error {
		var waiting int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM speedlayer.outbox WHERE delivered_at IS NULL`).Scan(&waiting)
		if err == nil && waiting+int(queueLength(t, prod.redis)) > 0 {
			err = fmt.Errorf("%d rows wait", waiting)
		}
		return err
	})
	if n := len(mails.To(zoe)); n != 1 {
		t.Errorf("%d mails to the one who was registered, want 1", n)
	}
	if n := len(mails.To("adam@example.com")); n != 0 {
		t.Errorf("%d mails to the one who was not, want none", n)
	}
}

// A user is invalidated, and then Redis comes back with what it had before: the old
// value, with most of its life left.
func TestRedisThatLostItsNewestDataShowsNothingOldForLong(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	servers := []*process{start(t, prod.env, "serve"), start(t, prod.env, "serve")}
	admin := servers[0].login(t, adminEmail)
	conn := psql(t, prod.database)
	for _, p := range servers {
		isLocal(t, p, "/users/1", admin)
	}
	prod.redis.CLI(t, "SAVE")
	execute(t, conn, `UPDATE public.users SET name = 'Neu' WHERE id = 1`)
	ctx, cancel := context.WithTimeout(t.Context(), 2*startTimeout)
	defer cancel()
	for _, p := range servers {
		if _, err := p.untilShown(ctx, "/users/1", "Neu", admin); err != nil {
			t.Fatal(err)
		}
	}
	prod.redis.Kill(t)
	prod.redis.Restart(t)
	back := time.Now()
	if old := prod.redis.CLI(t, "GET", "cache:user:1"); !strings.Contains(old, `"Max"`) {
		t.Logf("the relay was faster than the test: %q", old)
	}
	showsNothingOldForLong(ctx, t, servers, admin, back)
	for _, p := range servers {
		isLocal(t, p, "/users/1", admin)
	}
}

// showsNothingOldForLong asks servers for user 1 from the time that Redis was back with a
// value from before the last change. The old value may show until the relay has noticed,
// for a second; then never again, in five seconds.
func showsNothingOldForLong(ctx context.Context, t *testing.T, servers []*process, admin string, back time.Time) {
	t.Helper()
	var last time.Duration
	for time.Since(back) < last+5*time.Second && time.Since(back) < 30*time.Second {
		for _, p := range servers {
			r, err := p.try(ctx, "GET", "/users/1", "", admin)
			if err == nil && r.status == 200 && strings.Contains(r.body, `"Max"`) {
				last = time.Since(back)
			}
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Logf("the old value was last seen %v after Redis was back", last)
	if last > 12*time.Second {
		t.Errorf("the old value was seen %v after Redis was back", last)
	}
}

// The welcome mail of a committed registration stays in the database until it is sent.
func TestMailSurvivesARedisThatLosesEverything(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	without := start(t, prod.env, "serve") // no mail server: the task waits in Redis
	if r := without.request(t, "POST", "/users", `{"name":"Zoe","email":"zoe@example.com","password":"correct horse"}`); r.status != 201 {
		t.Fatalf("register: %d %s", r.status, r.body)
	}
	tasksAre := func(want int64) {
		t.Helper()
		eventually(t, startTimeout, func() error {
			if n := queueLength(t, prod.redis); n != want {
				return fmt.Errorf("%d tasks in Redis, want %d", n, want)
			}
			return nil
		})
	}
	tasksAre(1)
	prod.redis.Flush(t) // what no restart without persistence would leave
	tasksAre(0)
	prod.redis.Kill(t)
	prod.redis.Restart(t)
	tasksAre(1) // the relay has noticed
	mails := newMailServer(t)
	launch(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr), "worker")
	mails.wait(t, "zoe@example.com")
	conn := psql(t, prod.database)
	awaitNoDurable(t, conn)
	if n := len(mails.To("zoe@example.com")); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
}

// awaitNoDurable waits until the outbox keeps no task.
func awaitNoDurable(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	eventually(t, startTimeout, func() error {
		var left int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM speedlayer.outbox WHERE durable`).Scan(&left)
		if err == nil && left > 0 {
			err = fmt.Errorf("%d tasks that are done are kept", left)
		}
		return err
	})
}
