package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/test/internal/kursapptest"
)

// production is a PostgreSQL and a Redis with an administrator and a user.
type production struct {
	env      []string
	redis    *redistest.Server
	database string
}

const (
	adminEmail = "chef@example.com"
	userEmail  = "max@example.com"
	password   = "correct horse battery"
)

func newProduction(t *testing.T, opts ...redistest.Option) production {
	t.Helper()
	redis := redistest.Start(t, opts...)
	database := pgtest.Database(t)
	env := []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + database}
	mustRun(t, env, "", "migrate", "up")
	mustRun(t, env, password+"\n", "user", "add", userEmail, "--name", "Max")
	mustRun(t, env, password+"\n", "user", "add", adminEmail, "--name", "Chefin", "--role", "admin")
	return production{env, redis, database}
}

// command runs kursapp to its end.
func command(t *testing.T, env []string, stdin string, args ...string) (output string, code int) {
	t.Helper()
	return kursapptest.Run(t, binary, env, stdin, args...)
}

func mustRun(t *testing.T, env []string, stdin string, args ...string) string {
	t.Helper()
	return kursapptest.MustRun(t, binary, env, stdin, args...)
}

// login returns the Authorization header line of a new session.
func (p *process) login(t *testing.T, email string) string {
	t.Helper()
	r := p.request(t, "POST", "/login", `{"email":"`+email+`","password":"`+password+`"}`)
	if r.status != 200 || len(r.field("token")) < 32 {
		t.Fatalf("login of %s: %d %s", email, r.status, r.body)
	}
	return "Authorization: Bearer " + r.field("token")
}

func TestProductionAsksForASession(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	p := start(t, prod.env, "serve")
	user, admin := p.login(t, userEmail), p.login(t, adminEmail)
	body := `{"name":"Max","email":"max@example.com"}`
	for _, s := range []step{
		{"anonymous reads", "GET", "/users/1", "", nil, 401, "Authorization-Header fehlt oder ungültig"},
		{"anonymous changes", "PUT", "/users/1", body, nil, 401, "Authorization-Header fehlt oder ungültig"},
		{"anonymous deletes", "DELETE", "/users/1", "", nil, 401, "Authorization-Header fehlt oder ungültig"},
		{"anonymous lists", "GET", "/users", "", nil, 401, "Authorization-Header fehlt oder ungültig"},
		{"unknown token reads", "GET", "/users/1", "", []string{"Authorization: Bearer " + strings.Repeat("x", 43)}, 401, "Session abgelaufen oder ungültig"},
		{"user reads itself", "GET", "/users/1", "", []string{user}, 200, maxJSON},
		{"user reads another", "GET", "/users/2", "", []string{user}, 403, "Berechtigung"},
		{"user reads nobody", "GET", "/users/777", "", []string{user}, 403, "Berechtigung"},
		{"user changes another", "PUT", "/users/2", body, []string{user}, 403, "Berechtigung"},
		{"user deletes another", "DELETE", "/users/2", "", []string{user}, 403, "Berechtigung"},
		{"user lists", "GET", "/users", "", []string{user}, 403, "Berechtigung"},
		{"administrator reads", "GET", "/users/1", "", []string{admin}, 200, maxJSON},
		{"administrator reads nobody", "GET", "/users/777", "", []string{admin}, 404, "User nicht gefunden"},
		{"administrator changes", "PUT", "/users/1", `{"name":"Moritz","email":"moritz@example.com"}`, []string{admin}, 200, `{"id":1,"name":"Moritz","email":"moritz@example.com"}`},
		{"profile follows", "GET", "/profile", "", []string{user}, 200, `{"user_id":"1","name":"Moritz","email":"moritz@example.com"}`},
		{"user ends all its sessions as an administrator would", "DELETE", "/users/1/sessions", "", []string{user}, 403, "Berechtigung"},
		{"administrator ends those of nobody", "DELETE", "/users/777/sessions", "", []string{admin}, 404, "User nicht gefunden"},
		{"administrator ends those of a user", "DELETE", "/users/1/sessions", "", []string{admin}, 200, `{"message":"Alle Sitzungen des Users beendet"}`},
		{"they have ended", "GET", "/profile", "", []string{user}, 401, "Session abgelaufen oder ungültig"},
		{"its own go on", "GET", "/users/1", "", []string{admin}, 200, `{"id":1,"name":"Moritz","email":"moritz@example.com"}`},
		{"no demo routes", "GET", "/demo/mails", "", nil, 404, "Diese Adresse gibt es nicht"},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, p) })
	}
}

func TestProductionRefusesThePasswordInTheURL(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	p := start(t, prod.env, "serve")
	for _, secret := range []string{password, "something wrong"} {
		r := p.request(t, "POST", "/login?email="+userEmail+"&password="+strings.ReplaceAll(secret, " ", "+"), "")
		if r.status != 400 || !strings.Contains(r.field("detail"), "URL") {
			t.Errorf("login with the password in the URL: %d %s, want 400 and why", r.status, r.body)
		}
	}
	if strings.Contains(p.log.String(), "horse") {
		t.Error("the log contains the password")
	}
}

func TestOwnAddressWaitsForConfirmation(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	mails := newMailServer(t)
	p := start(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr), "serve")
	user := p.login(t, userEmail)
	step{"change", "PUT", "/users/1", `{"name":"Maxi","email":"neu@example.com"}`, []string{user}, 200, `{"id":1,"name":"Maxi","email":"max@example.com"}`}.run(t, p)
	mail := mails.wait(t, "neu@example.com")
	token := findToken(mail)
	if token == "" {
		t.Fatalf("no token in the mail:\n%s", mail)
	}
	step{"confirm", "POST", "/email-confirmations", `{"token":"` + token + `"}`, nil, 200, `{"id":1,"name":"Maxi","email":"neu@example.com"}`}.run(t, p)
	step{"in force", "GET", "/users/1", "", []string{user}, 200, `{"id":1,"name":"Maxi","email":"neu@example.com"}`}.run(t, p)
	if told := mails.waitFor(t, "max@example.com", "andere E-Mail-Adresse"); !strings.Contains(told, "Hallo Maxi,") || strings.Contains(told, "neu@example.com") {
		t.Errorf("the old address is told:\n%s", told)
	}
	again := p.request(t, "POST", "/email-confirmations", `{"token":"`+token+`"}`)
	if again.status < 400 || again.status >= 500 {
		t.Errorf("a token worked twice: %d %s", again.status, again.body)
	}
	wantNowhere(t, "the log", p.log.String(), []string{token})
	wantNowhere(t, "Redis", dump(t, prod.redis), []string{token})
}

func TestCookieLoginOfTheBrowser(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	p := start(t, prod.env, "serve")
	r := p.request(t, "POST", "/web/login", `{"email":"`+userEmail+`","password":"`+password+`"}`)
	cookie := r.header.Get("Set-Cookie")
	if r.status != 200 || !strings.HasPrefix(cookie, "__Host-") {
		t.Fatalf("web login: %d %q %s", r.status, cookie, r.body)
	}
	for _, attribute := range []string{"HttpOnly", "Secure", "SameSite", "Path=/"} {
		if !strings.Contains(cookie, attribute) {
			t.Errorf("cookie %q lacks %s", cookie, attribute)
		}
	}
	pair, _, _ := strings.Cut(cookie, ";")
	_, token, _ := strings.Cut(pair, "=")
	if strings.Contains(r.body, token) {
		t.Error("the answer shows the token to scripts")
	}
	header := "Cookie: " + pair
	step{"profile", "GET", "/profile", "", []string{header}, 200, `{"user_id":"1","name":"Max","email":"max@example.com"}`}.run(t, p)
	step{"forged", "PUT", "/users/1", `{"name":"Böse","email":"max@example.com"}`, []string{header, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403, "cross-origin"}.run(t, p)
	step{"logout", "POST", "/web/logout", "", []string{header}, 200, `{"message":"Ausgeloggt!"}`}.run(t, p)
	step{"logged out", "GET", "/profile", "", []string{header}, 401, "Session abgelaufen oder ungültig"}.run(t, p)
}

func TestDeletedUserIsLoggedOutEverywhere(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	one, two := start(t, prod.env, "serve"), start(t, prod.env, "serve")
	first, second := one.login(t, userEmail), two.login(t, userEmail)
	step{"delete", "DELETE", "/users/1", "", []string{first}, 200, `{"message":"User gelöscht"}`}.run(t, one)
	for i, p := range []*process{one, two} {
		for _, session := range []string{first, second} {
			step{fmt.Sprint("profile at instance ", i), "GET", "/profile", "", []string{session}, 401, "Session abgelaufen oder ungültig"}.run(t, p)
		}
	}
}

func TestTwoInstancesShareEverything(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	one, two := start(t, prod.env, "serve"), start(t, prod.env, "serve", "--worker=false")
	admin := one.login(t, adminEmail)
	one.request(t, "GET", "/users/1", "", admin)
	wantHit(t, two.request(t, "GET", "/users/1", "", admin))
	step{"change at one", "PUT", "/users/1", `{"name":"Mo","email":"max@example.com"}`, []string{admin}, 200, `{"id":1,"name":"Mo","email":"max@example.com"}`}.run(t, one)
	step{"read at the other", "GET", "/users/1", "", []string{admin}, 200, `{"id":1,"name":"Mo","email":"max@example.com"}`}.run(t, two)
	for i := range 10 {
		p := []*process{one, two}[i%2]
		step{fmt.Sprint("data ", i), "GET", "/api/data", "", nil, 200, `{"message":"Hier sind deine Daten!"}`}.run(t, p)
	}
	wantLimited(t, one)
	wantLimited(t, two)
	step{"logout at the other", "POST", "/logout", "", []string{admin}, 200, `{"message":"Ausgeloggt!"}`}.run(t, two)
	step{"profile at one", "GET", "/profile", "", []string{admin}, 401, "Session abgelaufen oder ungültig"}.run(t, one)
}

func TestKeysInRedisAreThoseOfTheCourse(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	p := start(t, prod.env, "serve")
	session := p.login(t, userEmail)
	token := strings.TrimPrefix(session, "Authorization: Bearer ")
	p.request(t, "GET", "/users/1", "", session)
	p.request(t, "GET", "/api/data", "")
	client := prod.redis.Client(t)
	do := func(args ...string) rueidis.RedisResult {
		return client.Do(t.Context(), client.B().Arbitrary(args...).Build())
	}
	if got, err := do("GET", "cache:user:1").ToString(); err != nil || got != maxJSON {
		t.Errorf("cache:user:1 is %q (%v), want %s", got, err, maxJSON)
	}
	if ttl, err := do("TTL", "cache:user:1").ToInt64(); err != nil || ttl < 1 || ttl > 60 {
		t.Errorf("cache:user:1 lives for %d s (%v), want 1 to 60", ttl, err)
	}
	keys, err := do("KEYS", "*").AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	var sessions, rates int
	for _, key := range keys {
		isSession, isRate := strings.HasPrefix(key, "session:"), strings.HasPrefix(key, "rate:")
		if ttl, err := do("TTL", key).ToInt64(); (isSession || isRate) && (err != nil || ttl < 0) {
			t.Errorf("%s has no lifetime (%d, %v)", key, ttl, err)
		}
		kind, _ := do("TYPE", key).ToString()
		switch {
		case isSession && kind == "hash":
			sessions++
			fields, err := do("HGETALL", key).AsStrMap()
			if err != nil || fields["user_id"] != "1" || fields["name"] != "Max" || fields["email"] != userEmail {
				t.Errorf("%s holds %v (%v)", key, fields, err)
			}
			if ttl, _ := do("TTL", key).ToInt64(); ttl > 30*60 {
				t.Errorf("%s lives for %d s, want at most 30 minutes", key, ttl)
			}
		case isRate && strings.Contains(key, "127.0.0.1"):
			rates++
		}
	}
	if sessions != 1 || rates == 0 {
		t.Errorf("%d sessions and %d counters of this address in %v, want 1 and some", sessions, rates, keys)
	}
	wantNowhere(t, "Redis", dump(t, prod.redis), []string{token})
}

func TestServeOnARedisCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	mails := newMailServer(t)
	env := []string{"REDIS_URL=" + cluster.URL(), "DATABASE_URL=" + pgtest.Database(t), "SMTP_URL=smtp://" + mails.addr}
	mustRun(t, env, "", "migrate", "up")
	mustRun(t, env, password+"\n", "user", "add", userEmail, "--name", "Max", "--role", "admin")
	p := start(t, env, "serve")
	session := p.login(t, userEmail)
	p.request(t, "GET", "/users/1", "", session)
	wantHit(t, p.request(t, "GET", "/users/1", "", session))
	step{"change", "PUT", "/users/1", `{"name":"Mo","email":"max@example.com"}`, []string{session}, 200, `{"id":1,"name":"Mo","email":"max@example.com"}`}.run(t, p)
	step{"fresh", "GET", "/users/1", "", []string{session}, 200, `{"id":1,"name":"Mo","email":"max@example.com"}`}.run(t, p)
	r := p.request(t, "POST", "/users", `{"name":"Zoe","email":"zoe@example.com","password":"correct horse"}`)
	if r.status != 201 {
		t.Fatalf("register: %d %s", r.status, r.body)
	}
	mails.wait(t, "zoe@example.com")
	for i := range 10 {
		step{fmt.Sprint("data ", i), "GET", "/api/data", "", nil, 200, `{"message":"Hier sind deine Daten!"}`}.run(t, p)
	}
	wantLimited(t, p)
	step{"logout", "POST", "/logout", "", []string{session}, 200, `{"message":"Ausgeloggt!"}`}.run(t, p)
	step{"logged out", "GET", "/profile", "", []string{session}, 401, "Session abgelaufen oder ungültig"}.run(t, p)
}
