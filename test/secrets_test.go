package test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// story is a run with real requests that keeps what must not be found, and what a
// client was told.
type story struct {
	p       *process
	prod    production
	conn    *pgx.Conn
	secrets []string
	told    strings.Builder // every answer, without the tokens that it is there to hand out
	redis   strings.Builder // what lay there in the middle of it
	rows    strings.Builder
}

// looks keeps what lies in Redis and the database now.
func (s *story) looks(t *testing.T) {
	t.Helper()
	s.redis.WriteString(dump(t, s.prod.redis))
	s.rows.WriteString(rowsOf(t, s.conn))
}

// does makes a request and keeps the answer.
func (s *story) does(t *testing.T, status int, method, path, body string, headers ...string) result {
	t.Helper()
	r := call(t, s.p, status, method, path, body, headers...)
	text := fmt.Sprint(r.header, r.body)
	if token := r.field("token"); token != "" {
		s.secrets = append(s.secrets, token)
		text = strings.ReplaceAll(text, token, "")
	}
	for _, cookie := range (&http.Response{Header: r.header}).Cookies() {
		if cookie.Value != "" {
			s.secrets = append(s.secrets, cookie.Value)
			text = strings.Replace(text, cookie.Name+"="+cookie.Value, "", 1)
		}
	}
	fmt.Fprintln(&s.told, text)
	return r
}

// code finds the code in a mail.
func (s *story) code(t *testing.T, mail string) string {
	t.Helper()
	code := findToken(mail)
	if code == "" {
		t.Fatalf("no code in %s", mail)
	}
	s.secrets = append(s.secrets, code)
	return code
}

// Passwords, session tokens and codes are where they belong and nowhere else, after
// everything that a person does with an account, and does wrong.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	mails := newMailServer(t)
	monitor := startMonitor(t, prod.redis)
	conn := psql(t, prod.database)
	keepRows(t, conn)
	p := start(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr, "KURSAPP_LOG_LEVEL=debug", "KURSAPP_METRICS_ADDR=127.0.0.1:0"), "serve")
	s := &story{p: p, prod: prod, conn: conn, secrets: passwords()}

	id, session := s.registers(t)
	s.changesThePassword(t, session)
	s.looks(t)
	s.forgetsThePassword(t, mails)
	s.changesTheAddress(t, id, mails)
	s.looksAround(t, id)
	s.looks(t)
	s.meetsNoRedis(t)

	metrics := metricsOf(t, p).request(t, "GET", "/metrics", "").body
	code := p.stop(t)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := len(s.secrets); n < len(passwords())+7 {
		t.Errorf("only %d secrets", n)
	}
	for where, what := range map[string]struct{ content, control string }{
		"the log":                 {p.log.String() + p.out.String(), `"path":"/password-resets/confirmations"`},
		"the metrics":             {metrics, "kursapp_"},
		"the answers":             {s.told.String(), "application/problem+json"},
		"Redis":                   {s.redis.String(), "session:epoch:"},
		"the commands to Redis":   {monitor.log.String(), `"zoe@example.com"`},
		"the database":            {s.rows.String(), "password_resets\n{"},
		"the rows that ever were": {rowsOf(t, conn), `"origin": "public.password_resets"`},
	} {
		if !strings.Contains(what.content, what.control) {
			t.Errorf("%s lacks %q: the test looked in the wrong place", where, what.control)
		}
		wantNowhere(t, where, what.content, s.secrets)
	}
	// Mails have the codes, and no more.
	var sent strings.Builder
	for _, address := range []string{"zoe@example.com", "neu@example.com"} {
		fmt.Fprintln(&sent, mails.To(address))
	}
	for _, secret := range found(sent.String(), s.secrets) {
		if len(secret) != 26 {
			t.Errorf("a mail holds %q", secret)
		}
	}
}

const (
	firstPassword  = "Alpensegler-first-Brombeere"
	secondPassword = "Bachforelle-second-Cembalo"
	thirdPassword  = "Distelfink-third-Eisvogel"
	wrongPassword  = "Feldlerche-wrong-Goldammer"
	shortPassword  = "Hz7!q"
)

func passwords() []string {
	return []string{firstPassword, secondPassword, thirdPassword, wrongPassword, shortPassword}
}

// registers registers, and says its password in every place where a person may say one.
func (s *story) registers(t *testing.T) (id, session string) {
	t.Helper()
	register := func(status int, password string) result {
		t.Helper()
		return s.does(t, status, "POST", "/users", fmt.Sprintf(`{"name":"Zoe","email":"zoe@example.com","password":%q}`, password))
	}
	register(422, shortPassword)
	register(422, strings.Repeat(wrongPassword, 10))
	r := register(201, firstPassword)
	id = strings.TrimPrefix(r.header.Get("Location"), "/users/")
	register(409, firstPassword)
	for _, body := range []string{
		`{"email":"zoe@example.com","password":"` + firstPassword,            // no end
		`{"email":"zoe@example.com","password":["` + firstPassword + `"]}`,   // no string
		`{"email":"zoe@example.com","password":{"` + firstPassword + `":1}}`, // no string
		`{"email":"zoe@example.com","passwort":"` + firstPassword + `"}`,     // another name
		`{"email":["` + firstPassword + `"],"password":"x"}`,                 // in the wrong field
		`{"email":"zoe@example.com","password":"` + firstPassword + `","remember":"` + firstPassword + `"}`,
	} {
		for _, path := range []string{"/login", "/web/login"} {
			r := s.p.request(t, "POST", path, body)
			if r.status < 400 || r.status >= 500 {
				t.Errorf("POST %s %s: %d", path, body, r.status)
			}
			fmt.Fprintln(&s.told, r.header, r.body)
		}
	}
	login := func(status int, path, email, password, more string) result {
		t.Helper()
		return s.does(t, status, "POST", path, fmt.Sprintf(`{"email":%q,"password":%q%s}`, email, password, more))
	}
	s.does(t, 400, "POST", "/login?email=zoe@example.com&password="+firstPassword, "")
	s.does(t, 401, "GET", "/profile?password="+firstPassword, "")
	login(401, "/login", "zoe@example.com", wrongPassword, "")
	login(401, "/login", wrongPassword, firstPassword, "")
	login(200, "/web/login", "zoe@example.com", firstPassword, "")
	login(200, "/login", "zoe@example.com", firstPassword, `,"remember":true`)
	return id, login(200, "/login", "zoe@example.com", firstPassword, "").field("token")
}

func (s *story) changesThePassword(t *testing.T, session string) {
	t.Helper()
	bearer := "Authorization: Bearer " + session
	change := func(status int, old, next string) result {
		t.Helper()
		return s.does(t, status, "PUT", "/profile/password", fmt.Sprintf(`{"old_password":%q,"new_password":%q}`, old, next), bearer)
	}
	s.does(t, 200, "GET", "/profile", "", bearer)
	s.does(t, 200, "GET", "/sessions", "", bearer)
	// A token is no id, and not to be asked for in a URL either.
	s.does(t, 404, "DELETE", "/sessions/"+session, "", bearer)
	s.does(t, 422, "GET", "/users/"+session, "", bearer)
	s.does(t, 404, "GET", "/"+session, "", bearer)
	s.does(t, 401, "GET", "/profile?token="+session, "")
	s.does(t, 401, "GET", "/profile", "", "Authorization: Basic "+session)
	s.does(t, 401, "GET", "/profile", "", "Authorization: Bearer "+session[1:]+"x")
	change(422, wrongPassword, secondPassword)
	change(422, firstPassword, shortPassword)
	change(200, firstPassword, secondPassword)
	s.does(t, 401, "GET", "/profile", "", bearer)
}

func (s *story) forgetsThePassword(t *testing.T, mails *mailServer) {
	t.Helper()
	s.does(t, 202, "POST", "/password-resets", `{"email":"zoe@example.com"}`)
	code := s.code(t, mails.waitFor(t, "zoe@example.com", "30 Minuten"))
	s.looks(t) // while the code lives
	confirm := func(status int, code, password string) {
		t.Helper()
		s.does(t, status, "POST", "/password-resets/confirmations", fmt.Sprintf(`{"token":%q,"password":%q}`, code, password))
	}
	confirm(422, code, shortPassword)
	confirm(422, code[1:]+"A", thirdPassword)
	confirm(200, code, thirdPassword)
	confirm(422, code, thirdPassword)
}

func (s *story) changesTheAddress(t *testing.T, id string, mails *mailServer) {
	t.Helper()
	login := s.does(t, 200, "POST", "/login", fmt.Sprintf(`{"email":"zoe@example.com","password":%q}`, thirdPassword))
	s.does(t, 200, "PUT", "/users/"+id, `{"name":"Zoe","email":"neu@example.com"}`, bearerOf(login))
	code := s.code(t, mails.wait(t, "neu@example.com"))
	s.does(t, 422, "POST", "/email-confirmations", fmt.Sprintf(`{"token":%q}`, code[1:]+"A"))
	s.does(t, 422, "POST", "/email-confirmations", fmt.Sprintf(`{"token":[%q]}`, code))
	s.does(t, 200, "POST", "/email-confirmations", fmt.Sprintf(`{"token":%q}`, code))
	s.does(t, 422, "POST", "/email-confirmations", fmt.Sprintf(`{"token":%q}`, code))
	s.does(t, 200, "POST", "/logout", "", bearerOf(login))
}

// looksAround is an administrator.
func (s *story) looksAround(t *testing.T, id string) {
	t.Helper()
	admin := bearerOf(s.does(t, 200, "POST", "/login", fmt.Sprintf(`{"email":%q,"password":%q}`, adminEmail, password)))
	for _, path := range []string{"/audit?limit=100", "/users?limit=100", "/users/" + id, "/sessions"} {
		s.does(t, 200, "GET", path, "", admin)
	}
	s.does(t, 422, "GET", "/audit?limit="+wrongPassword, "", admin)
	s.does(t, 200, "DELETE", "/users/"+id, "", admin)
}

// meetsNoRedis brings the errors of a failure to the log and to clients.
func (s *story) meetsNoRedis(t *testing.T) {
	t.Helper()
	admin := s.does(t, 200, "POST", "/login", fmt.Sprintf(`{"email":%q,"password":%q}`, adminEmail, password))
	s.prod.redis.Kill(t)
	eventually(t, startTimeout, func() error {
		if r := s.p.request(t, "GET", "/profile", "", bearerOf(admin)); r.status != 503 {
			return errStatus(r)
		}
		return nil
	})
	change := fmt.Sprintf(`{"old_password":%q,"new_password":%q}`, password, secondPassword)
	s.does(t, 503, "GET", "/profile", "", bearerOf(admin))
	s.does(t, 503, "POST", "/logout", "", bearerOf(admin))
	s.does(t, 503, "PUT", "/profile/password", change, bearerOf(admin))
	s.does(t, 503, "POST", "/login", fmt.Sprintf(`{"email":%q,"password":%q}`, adminEmail, password))
	s.does(t, 503, "POST", "/users", fmt.Sprintf(`{"name":"Adam","email":"adam@example.com","password":%q}`, firstPassword))
}
