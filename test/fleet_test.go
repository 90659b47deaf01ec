package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/test/internal/kursapptest"
)

// fleet is three servers on one Redis and one PostgreSQL.
type fleet struct {
	production
	servers []*process
	mails   *mailServer
	conn    *pgx.Conn // past kursapp, as a person with psql has
	monitor *monitor
}

func newFleet(t *testing.T, opts ...redistest.Option) *fleet {
	t.Helper()
	f := &fleet{production: newProduction(t, opts...), mails: newMailServer(t)}
	for range 3 {
		f.servers = append(f.servers, start(t, append(f.env, "SMTP_URL=smtp://"+f.mails.addr), "serve"))
	}
	f.conn = psql(t, f.database)
	f.monitor = startMonitor(t, f.redis)
	return f
}

// loggedIn is a session of a user.
type loggedIn struct {
	user   int64
	email  string
	header string // the Authorization header line
	id     string // as GET /sessions names it
}

// add inserts a user with the password of all test users.
func (f *fleet) add(t *testing.T, email, role string) (id int64) {
	t.Helper()
	err := f.conn.QueryRow(t.Context(), `INSERT INTO public.users (name, email, password_hash, role)
		SELECT 'Zoe', $1, password_hash, $2 FROM public.users WHERE id = 1 RETURNING id`, email, role).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// login logs a user in at one of the servers.
func (f *fleet) login(t *testing.T, server int, email string) loggedIn {
	t.Helper()
	s := loggedIn{email: email, header: f.servers[server].login(t, email)}
	for _, d := range devices(t, f.servers[server], s.header) {
		if d.Current {
			s.id = d.ID
		}
	}
	if err := f.conn.QueryRow(t.Context(), `SELECT id FROM public.users WHERE email = $1`, email).Scan(&s.user); err != nil || s.id == "" {
		t.Fatalf("login of %s: session %q, %v", email, s.id, err)
	}
	return s
}

// device is an element of the answer of GET /sessions.
type device struct {
	ID         string
	UserAgent  string `json:"user_agent"`
	Address    string
	CreatedAt  string `json:"created_at"`
	LastSeenAt string `json:"last_seen_at"`
	ExpiresAt  string `json:"expires_at"`
	Remembered bool
	Current    bool
}

func devices(t *testing.T, p *process, headers ...string) []device {
	t.Helper()
	r := p.request(t, "GET", "/sessions", "", headers...)
	var body struct{ Sessions []device }
	if err := json.Unmarshal([]byte(r.body), &body); err != nil || r.status != http.StatusOK {
		t.Fatalf("GET /sessions: %d %s (%v)", r.status, r.body, err)
	}
	return body.Sessions
}

// heat asks every server with a session until all of them have it in their memory:
// until no request for it reaches Redis.
func (f *fleet) heat(t *testing.T, path string, s loggedIn) {
	t.Helper()
	eventually(t, startTimeout, func() error {
		var wrong error
		asked := f.monitor.mentions(t, "session:"+s.id, func() {
			for _, p := range f.servers {
				for range 3 {
					if r := p.request(t, "GET", path, "", s.header); r.status != http.StatusOK {
						wrong = errStatus(r)
					}
				}
			}
		})
		if wrong == nil && asked > 0 {
			wrong = fmt.Errorf("Redis was asked for the session %d times", asked)
		}
		return wrong
	})
}

// call makes a request that must have this status.
func call(t *testing.T, p *process, status int, method, path, body string, headers ...string) result {
	t.Helper()
	r := p.request(t, method, path, body, headers...)
	if r.status != status {
		t.Fatalf("%s %s: %d %s, want %d", method, path, r.status, r.body, status)
	}
	return r
}

// resetCode has a code for a forgotten password mailed.
func (f *fleet) resetCode(t *testing.T, email string) string {
	t.Helper()
	call(t, f.servers[0], http.StatusAccepted, "POST", "/password-resets", `{"email":"`+email+`"}`)
	code := findToken(f.mails.waitFor(t, email, "30 Minuten"))
	if code == "" {
		t.Fatal("no code in the mail")
	}
	return code
}

// monitor records every command that reaches a Redis.
type monitor struct {
	log    kursapptest.Output
	redis  *redistest.Server
	number int
}

// startMonitor records until the test's end, or the end of the Redis.
func startMonitor(t *testing.T, redis *redistest.Server) *monitor {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", redis.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("MONITOR\r\n")); err != nil {
		t.Fatal(err)
	}
	m := &monitor{redis: redis}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(&m.log, conn)
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	m.mark(t)
	return m
}

// mark waits until all commands up to now are recorded, and returns how long the
// record is.
func (m *monitor) mark(t *testing.T) int {
	t.Helper()
	m.number++
	mark := fmt.Sprintf("mark-%d-of-the-monitor", m.number)
	at := -1
	eventually(t, startTimeout, func() error {
		if !strings.Contains(m.log.String(), mark) {
			m.redis.CLI(t, "ECHO", mark) // again, where MONITOR was not yet in force
		}
		if at = strings.Index(m.log.String(), mark); at < 0 {
			return fmt.Errorf("MONITOR does not show %q", mark)
		}
		return nil
	})
	return at
}

// mentions counts how often commands named something meanwhile.
func (m *monitor) mentions(t *testing.T, name string, meanwhile func()) int {
	t.Helper()
	from := m.mark(t)
	meanwhile()
	to := m.mark(t)
	return strings.Count(m.log.String()[from:to], name)
}

func bearerOf(r result) string { return "Authorization: Bearer " + r.field("token") }
