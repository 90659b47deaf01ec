package test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The server whose relay has rows in its hands dies, or stands still with its locks.
// Another one delivers the rows, and one that comes back does no harm.
func TestAnotherServerRelaysWhenTheLeaderIsGone(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "frozen": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prod := newProduction(t)
			mails := newMailServer(t)
			servers := map[string]*process{}
			for _, name := range []string{"relay-a", "relay-b", "relay-c"} {
				// The connections of each have a name of their own.
				database := prod.database + "&application_name=" + name
				servers[name] = start(t, append(prod.env, "DATABASE_URL="+database, "SMTP_URL=smtp://"+mails.addr), "serve")
			}
			admin := servers["relay-a"].login(t, adminEmail)
			for _, p := range servers {
				isLocal(t, p, "/users/1", admin)
			}
			conn := psql(t, prod.database)

			// While Redis stands still, whoever takes the rows holds them for a second. What
			// it sent, Redis finds when it thaws.
			prod.redis.Freeze(t)
			execute(t, conn, `BEGIN; UPDATE public.users SET name = 'Neu' WHERE id = 1;
				SELECT speedlayer.outbox_enqueue('email_queue', '{"to":"zoe@example.com","subject":"Hallo","body":"Zoe"}', durable => true); COMMIT`)
			leader := stopLeader(t, conn, servers)
			victim := servers[leader]
			victim.signal(t, signal)
			delete(servers, leader)
			struck := time.Now()
			prod.redis.Thaw(t)
			ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
			defer cancel()
			for name, p := range servers {
				at, err := p.untilShown(ctx, "/users/1", "Neu", admin)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%s shows it %v after %s was %s", name, at.Sub(struck).Round(time.Millisecond), leader, signal)
			}
			eventually(t, startTimeout, func() error { return delivered(t, conn) })
			took := time.Since(struck)
			t.Logf("delivered %v after it was struck", took.Round(time.Millisecond))
			if took > 10*time.Second {
				t.Errorf("another server took over after %v, want some seconds", took)
			}
			mails.wait(t, "zoe@example.com")
			awaitNoDurable(t, conn)
			defer func() {
				if n := len(mails.To("zoe@example.com")); n != 1 {
					t.Errorf("%d mails, want 1", n)
				}
			}()
			if signal == syscall.SIGKILL {
				return
			}

			// While one is frozen the others go on; and it comes back to a changed world.
			execute(t, conn, `UPDATE public.users SET name = 'Neuer' WHERE id = 1`)
			for _, p := range servers {
				if _, err := p.untilShown(ctx, "/users/1", "Neuer", admin); err != nil {
					t.Fatal(err)
				}
			}
			victim.signal(t, syscall.SIGCONT)
			servers[leader] = victim
			showsOnly(ctx, t, servers, admin, "Neuer", time.Second)
			// It relays again: it alone is left.
			for name, p := range servers {
				if name != leader {
					p.stop(t)
				}
			}
			execute(t, conn, `UPDATE public.users SET name = 'Zuletzt' WHERE id = 1`)
			if _, err := victim.untilShown(ctx, "/users/1", "Zuletzt", admin); err != nil {
				t.Fatal(err)
			}
			eventually(t, startTimeout, func() error { return delivered(t, conn) })
		})
	}
}

// stopLeader freezes the server whose relay has rows in its hands, and returns its name.
func stopLeader(t *testing.T, conn *pgx.Conn, servers map[string]*process) (leader string) {
	t.Helper()
	holder := func() (name string, err error) {
		err = conn.QueryRow(t.Context(), `SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
			WHERE datname = current_database() AND locktype = 'advisory' AND granted
			AND state = 'idle in transaction' LIMIT 1`).Scan(&name)
		return name, err
	}
	eventually(t, startTimeout, func() (err error) {
		if leader, err = holder(); err != nil {
			return err
		}
		p := servers[leader]
		if p == nil {
			t.Fatalf("%q holds the lock", leader)
		}
		t.Cleanup(func() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }) // else it would not end
		p.signal(t, syscall.SIGSTOP)
		// Its batch may have ended before it was stopped.
		if now, err := holder(); err != nil || now != leader {
			p.signal(t, syscall.SIGCONT)
			return fmt.Errorf("%s let the rows go, to %q: %w", leader, now, errors.Join(err, errNotHeld))
		}
		return nil
	})
	return leader
}

var errNotHeld = errors.New("not held")

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// delivered complains about rows that wait.
func delivered(t *testing.T, conn *pgx.Conn) error {
	t.Helper()
	var waiting int
	err := conn.QueryRow(t.Context(), `SELECT count(*) FROM speedlayer.outbox WHERE delivered_at IS NULL`).Scan(&waiting)
	if err == nil && waiting > 0 {
		err = fmt.Errorf("%d rows wait", waiting)
	}
	return err
}

// showsOnly asks all servers for a while and fails if one answers with something else.
func showsOnly(ctx context.Context, t *testing.T, servers map[string]*process, admin, text string, d time.Duration) {
	t.Helper()
	answers := map[string]int{}
	for begin := time.Now(); time.Since(begin) < d; {
		for name, p := range servers {
			r, err := p.try(ctx, "GET", "/users/1", "", admin)
			if err != nil || r.status != 200 {
				continue
			}
			if answers[name]++; !strings.Contains(r.body, text) {
				t.Fatalf("%s shows %s, want %s (after %v)", name, r.body, text, time.Since(begin))
			}
		}
	}
	for name := range servers {
		if answers[name] == 0 {
			t.Errorf("%s does not answer", name)
		}
	}
}
