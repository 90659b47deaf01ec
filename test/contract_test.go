package test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// demos starts the demo on each combination of backends and runs f on it.
func demos(t *testing.T, f func(t *testing.T, p *process)) {
	t.Helper()
	t.Run("SQLite and a private redis-server", func(t *testing.T) {
		t.Parallel()
		f(t, start(t, nil, "demo"))
	})
	t.Run("SQLite and Redis inside the process", func(t *testing.T) {
		t.Parallel()
		f(t, start(t, []string{"PATH=" + t.TempDir()}, "demo"))
	})
	t.Run("PostgreSQL and Redis", func(t *testing.T) {
		t.Parallel()
		redis := redistest.Start(t)
		f(t, start(t, []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + pgtest.Database(t)}, "demo"))
	})
}

// step is one request of the contract and what must come back.
type step struct {
	name    string
	method  string
	path    string
	body    string
	headers []string
	status  int
	want    string // the whole body, or for errors the detail
}

func (s step) run(t *testing.T, p *process) result {
	t.Helper()
	r := p.request(t, s.method, s.path, s.body, s.headers...)
	if r.status != s.status {
		t.Errorf("%s: status %d, want %d; body %s", s.name, r.status, s.status, r.body)
		return r
	}
	if s.status < 400 {
		if strings.TrimSpace(r.body) != s.want {
			t.Errorf("%s: body %s, want %s", s.name, r.body, s.want)
		}
		return r
	}
	if got := r.header.Get("Content-Type"); !strings.HasPrefix(got, "application/problem+json") {
		t.Errorf("%s: Content-Type %q, want application/problem+json", s.name, got)
	}
	if got := r.field("detail"); !strings.Contains(got, s.want) || s.want == "" {
		t.Errorf("%s: detail %q, want %q", s.name, got, s.want)
	}
	return r
}

const maxJSON = `{"id":1,"name":"Max","email":"max@example.com"}`

func TestDemoAnswersEveryLineOfTheCourse(t *testing.T) {
	t.Parallel()
	demos(t, func(t *testing.T, p *process) {
		step{"health", "GET", "/health", "", nil, 200, `{"status":"ok","redis":true}`}.run(t, p)

		first := step{"first read", "GET", "/users/1", "", nil, 200, maxJSON}.run(t, p)
		second := step{"second read", "GET", "/users/1", "", nil, 200, maxJSON}.run(t, p)
		if got := first.header.Get("Cache-Status"); !strings.Contains(got, "fwd=miss") || !strings.Contains(got, "database") {
			t.Errorf("first read: Cache-Status %q, want a miss answered by the database", got)
		}
		wantHit(t, second)
		p.wantLog(t, "Cache MISS für cache:user:1")
		p.wantLog(t, "Cache HIT für cache:user:1")
		p.wantLog(t, "Redis verbunden!")

		changed := `{"id":1,"name":"Maximilian","email":"max@example.com"}`
		step{"change", "PUT", "/users/1", `{"name":"Maximilian","email":"max@example.com"}`, nil, 200, changed}.run(t, p)
		step{"fresh read", "GET", "/users/1", "", nil, 200, changed}.run(t, p)
		p.wantLog(t, "Cache invalidiert für cache:user:1")

		step{"delete", "DELETE", "/users/2", "", nil, 200, `{"message":"User gelöscht"}`}.run(t, p)
		step{"deleted", "GET", "/users/2", "", nil, 404, "User nicht gefunden"}.run(t, p)

		login := p.request(t, "POST", "/login?email=max@example.com&password=test123", "")
		token := login.field("token")
		if login.status != 200 || len(token) < 32 || login.field("message") != "Eingeloggt!" {
			t.Fatalf("login: %d %s", login.status, login.body)
		}
		if login.header.Get("Deprecation") == "" {
			t.Error("login with the password in the URL carries no Deprecation header")
		}
		bearer := "Authorization: Bearer " + token
		step{"profile", "GET", "/profile", "", []string{bearer}, 200, `{"user_id":"1","name":"Maximilian","email":"max@example.com"}`}.run(t, p)
		step{"logout", "POST", "/logout", "", []string{bearer}, 200, `{"message":"Ausgeloggt!"}`}.run(t, p)
		step{"logged out", "GET", "/profile", "", []string{bearer}, 401, "Session abgelaufen oder ungültig"}.run(t, p)
		step{"logout again", "POST", "/logout", "", []string{bearer}, 200, `{"message":"Ausgeloggt!"}`}.run(t, p)

		for i := range 10 {
			step{fmt.Sprint("data ", i), "GET", "/api/data", "", nil, 200, `{"message":"Hier sind deine Daten!"}`}.run(t, p)
		}
		wantLimited(t, p)

		if strings.Contains(p.log.String(), token) || strings.Contains(p.log.String(), "test123") {
			t.Error("the log contains the token or the password")
		}
	})
}

func wantHit(t *testing.T, r result) {
	t.Helper()
	status := r.header.Get("Cache-Status")
	ttl := regexp.MustCompile(`ttl=(\d+)`).FindStringSubmatch(status)
	if !strings.Contains(status, "; hit") || !strings.Contains(status, "redis") || ttl == nil {
		t.Errorf("Cache-Status %q, want a hit in redis with its ttl", status)
		return
	}
	if seconds, _ := strconv.Atoi(ttl[1]); seconds < 1 || seconds > 60 {
		t.Errorf("Cache-Status %q: the ttl is not within 60 s", status)
	}
	if r.header.Get("Server-Timing") == "" {
		t.Error("no Server-Timing header")
	}
}

func wantLimited(t *testing.T, p *process) {
	t.Helper()
	r := p.request(t, "GET", "/api/data", "")
	seconds := r.header.Get("Retry-After")
	want := "Zu viele Anfragen. Versuche es in " + seconds + " Sekunden erneut."
	if r.status != 429 || r.field("detail") != want {
		t.Errorf("11th request: %d %s, want 429 %q", r.status, r.body, want)
	}
	if n, err := strconv.Atoi(seconds); err != nil || n < 1 || n > 60 {
		t.Errorf("11th request: Retry-After %q, want 1 to 60", seconds)
	}
	english := p.request(t, "GET", "/api/data", "", "Accept-Language: en")
	if english.status != 429 || strings.Contains(english.field("detail"), "Anfragen") || english.field("detail") == "" {
		t.Errorf("11th request in English: %d %s", english.status, english.body)
	}
}

func TestErrorsOfTheContract(t *testing.T) {
	t.Parallel()
	demos(t, func(t *testing.T, p *process) {
		for _, s := range []step{
			{"unknown user", "GET", "/users/99999", "", nil, 404, "User nicht gefunden"},
			{"unknown user, changed", "PUT", "/users/99999", `{"name":"A","email":"a@example.com"}`, nil, 404, "User nicht gefunden"},
			{"unknown user, deleted", "DELETE", "/users/99999", "", nil, 404, "User nicht gefunden"},
			{"id is a word", "GET", "/users/abc", "", nil, 422, "id"},
			{"id is too large", "GET", "/users/99999999999999999999", "", nil, 422, "id"},
			{"id is a fraction", "PUT", "/users/1.5", `{"name":"A","email":"a@example.com"}`, nil, 422, "id"},
			{"id is a word, deleted", "DELETE", "/users/x", "", nil, 422, "id"},
			{"address taken", "PUT", "/users/3", `{"name":"A","email":"USER4@example.com"}`, nil, 409, "E-Mail"},
			{"no name", "PUT", "/users/3", `{"email":"a@example.com"}`, nil, 422, "name"},
			{"empty name", "PUT", "/users/3", `{"name":"","email":"a@example.com"}`, nil, 422, "name"},
			{"no address", "PUT", "/users/3", `{"name":"A"}`, nil, 422, "email"},
			{"not an address", "PUT", "/users/3", `{"name":"A","email":"nope"}`, nil, 422, "email"},
			{"Latin-1", "PUT", "/users/3", "{\"name\":\"J\xf6rg\",\"email\":\"user3@example.com\"}", nil, 422, "name"},
			{"half a surrogate pair", "PUT", "/users/3", `{"name":"A\ud800","email":"user3@example.com"}`, nil, 422, "name"},
			{"broken JSON", "PUT", "/users/3", `{"name":`, nil, 422, "JSON"},
			{"registered with a taken address", "POST", "/users", `{"name":"A","email":"Max@Example.com","password":"correct horse"}`, nil, 409, "E-Mail"},
			{"registered without a password", "POST", "/users", `{"name":"A","email":"a@example.com"}`, nil, 422, "password"},
			{"registered with a short password", "POST", "/users", `{"name":"A","email":"a@example.com","password":"kurz"}`, nil, 422, "password"},
			{"page too large", "GET", "/users?limit=100000", "", nil, 422, "limit"},
			{"page of a word", "GET", "/users?limit=viele", "", nil, 422, "limit"},
			{"broken cursor", "GET", "/users?cursor=%00%ff", "", nil, 422, "cursor"},
			{"wrong password", "POST", "/login", `{"email":"max@example.com","password":"falsch"}`, nil, 401, "Ungültige Anmeldedaten"},
			{"unknown address", "POST", "/login", `{"email":"nobody@example.com","password":"falsch"}`, nil, 401, "Ungültige Anmeldedaten"},
			{"user without a password", "POST", "/login", `{"email":"user7@example.com","password":""}`, nil, 401, "Ungültige Anmeldedaten"},
			{"no header", "GET", "/profile", "", nil, 401, "Authorization-Header fehlt oder ungültig"},
			{"not a bearer", "GET", "/profile", "", []string{"Authorization: Basic YWJj"}, 401, "Authorization-Header fehlt oder ungültig"},
			{"unknown token", "GET", "/profile", "", []string{"Authorization: Bearer " + strings.Repeat("x", 43)}, 401, "Session abgelaufen oder ungültig"},
			{"logout without a header", "POST", "/logout", "", nil, 401, "Authorization-Header fehlt"},
			{"no such route", "GET", "/nope", "", nil, 404, "Diese Adresse gibt es nicht"},
			{"no such method", "DELETE", "/health", "", nil, 405, "Diese Methode ist hier nicht erlaubt"},
			{"foreign host", "GET", "/health", "", []string{"Host: evil.example"}, 421, "Loopback"},
			{"foreign origin", "PUT", "/users/3", `{"name":"A","email":"a@example.com"}`, []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403, "cross-origin"},
		} {
			t.Run(s.name, func(t *testing.T) { s.run(t, p) })
		}
		r := p.request(t, "POST", "/users", `{"name":"A","email":"a@example.com","password":"kurz!7"}`)
		if strings.Contains(r.body, "kurz!7") {
			t.Errorf("a validation error echoes the password: %s", r.body)
		}
		if got := p.request(t, "DELETE", "/health", "").header.Get("Allow"); !strings.Contains(got, "GET") {
			t.Errorf("405 without a usable Allow header: %q", got)
		}
	})
}

func TestEnglishTexts(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "demo")
	english := []string{"Accept-Language: en-GB, en;q=0.9, de;q=0.5"}
	for _, s := range []step{
		{"unknown user", "GET", "/users/99999", "", english, 404, "User not found"},
		{"wrong password", "POST", "/login", `{"email":"max@example.com","password":"falsch"}`, english, 401, "Invalid"},
		{"no header", "GET", "/profile", "", english, 401, "Authorization header"},
		{"deleted", "DELETE", "/users/9", "", english, 200, `{"message":"User deleted"}`},
		{"data", "GET", "/api/data", "", english, 200, `{"message":"Here is your data!"}`},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, p) })
	}
}

func TestRegistrationSendsTheWelcomeMail(t *testing.T) {
	t.Parallel()
	demos(t, func(t *testing.T, p *process) {
		r := p.request(t, "POST", "/users", `{"name":"Zoë 🎉","email":"zoe@example.com","password":"correct horse"}`)
		if r.status != 201 || r.field("name") != "Zoë 🎉" {
			t.Fatalf("register: %d %s", r.status, r.body)
		}
		if got := r.header.Get("Location"); got != "/users/10001" {
			t.Errorf("Location %q, want /users/10001 behind the sample users", got)
		}
		step{"new user", "GET", "/users/10001", "", nil, 200, `{"id":10001,"name":"Zoë 🎉","email":"zoe@example.com"}`}.run(t, p)
		wantMail(t, p, "zoe@example.com", "Willkommen!")
	})
}

func TestMailboxShowsWhatTheOldAddressIsTold(t *testing.T) {
	t.Parallel()
	demos(t, func(t *testing.T, p *process) {
		step{"new address", "PUT", "/users/3", `{"name":"User 3","email":"neu@example.com"}`, nil, 200, `{"id":3,"name":"User 3","email":"neu@example.com"}`}.run(t, p)
		wantMail(t, p, "user3@example.com", "Deine E-Mail-Adresse wurde geändert")
	})
}

// wantMail waits until the demo's mailbox has a mail.
func wantMail(t *testing.T, p *process, to, subject string) {
	t.Helper()
	eventually(t, startTimeout, func() error {
		r := p.request(t, "GET", "/demo/mails", "")
		if r.status != 200 {
			return fmt.Errorf("mailbox: %d %s", r.status, r.body)
		}
		if !strings.Contains(r.body, `"`+to+`"`) || !strings.Contains(r.body, `"`+subject+`"`) {
			return fmt.Errorf("no mail to %s: %s", to, r.body)
		}
		return nil
	})
}

func TestConditionalAndUncachedReads(t *testing.T) {
	t.Parallel()
	demos(t, func(t *testing.T, p *process) {
		first := p.request(t, "GET", "/users/5", "")
		etag := first.header.Get("ETag")
		if etag == "" {
			t.Fatal("no ETag")
		}
		unchanged := p.request(t, "GET", "/users/5", "", "If-None-Match: "+etag)
		if unchanged.status != http.StatusNotModified || unchanged.body != "" {
			t.Errorf("If-None-Match: %d %q, want 304 without a body", unchanged.status, unchanged.body)
		}
		bypass := p.request(t, "GET", "/users/5", "", "Cache-Control: no-cache")
		if got := bypass.header.Get("Cache-Status"); !strings.Contains(got, "fwd=bypass") || !strings.Contains(got, "database") {
			t.Errorf("no-cache: Cache-Status %q, want a bypass to the database", got)
		}
		p.request(t, "PUT", "/users/5", `{"name":"Eva","email":"user5@example.com"}`)
		changed := p.request(t, "GET", "/users/5", "", "If-None-Match: "+etag)
		if changed.status != 200 || changed.field("name") != "Eva" {
			t.Errorf("If-None-Match after a change: %d %s, want the new user", changed.status, changed.body)
		}
	})
}

func TestPagesOfUsers(t *testing.T) {
	t.Parallel()
	demos(t, func(t *testing.T, p *process) {
		r := p.request(t, "GET", "/users?limit=3", "")
		if !strings.HasPrefix(r.body, `{"users":[{"id":1,"name":"Max","email":"max@example.com"},{"id":2,"name":"User 2","email":"user2@example.com"},{"id":3,`) {
			t.Errorf("first page: %s", r.body)
		}
		next := r.field("next_cursor")
		if next == "" {
			t.Fatalf("no next_cursor: %s", r.body)
		}
		if r = p.request(t, "GET", "/users?limit=3&cursor="+next, ""); !strings.HasPrefix(r.body, `{"users":[{"id":4,`) {
			t.Errorf("second page: %s", r.body)
		}
	})
}

func TestDocumentationLoadsNothingFromOutside(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "demo")
	for _, path := range []string{"/", "/docs", "/openapi.json", "/openapi.yaml"} {
		r := p.request(t, "GET", path, "")
		if r.status != 200 && r.status != http.StatusMovedPermanently && r.status != http.StatusPermanentRedirect {
			t.Errorf("GET %s: %d", path, r.status)
		}
		if outside := regexp.MustCompile(`(?:src|href)=["']?(?:https?:)?//[^"' >]+`).FindString(r.body); outside != "" {
			t.Errorf("GET %s loads %s", path, outside)
		}
	}
	if r := p.request(t, "GET", "/openapi.json", ""); !strings.Contains(r.body, `"openapi":"3.1`) {
		t.Errorf("not an OpenAPI 3.1 document: %.80s", r.body)
	}
}

func TestDemoKeepsItsDataFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p := start(t, nil, "demo", "--data-dir", dir)
	step{"change", "PUT", "/users/3", `{"name":"Kept","email":"user3@example.com"}`, nil, 200, `{"id":3,"name":"Kept","email":"user3@example.com"}`}.run(t, p)
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	again := start(t, nil, "demo", "--data-dir", dir)
	step{"kept", "GET", "/users/3", "", nil, 200, `{"id":3,"name":"Kept","email":"user3@example.com"}`}.run(t, again)
}

func TestDemoLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "demo")
	tmp := ""
	for _, entry := range p.cmd.Env {
		if dir, ok := strings.CutPrefix(entry, "TMPDIR="); ok {
			tmp = dir
		}
	}
	before, err := os.ReadDir(tmp)
	if err != nil || len(before) == 0 {
		t.Fatalf("the demo has no temporary folder: %v", err)
	}
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	after, err := os.ReadDir(tmp)
	if err != nil || len(after) != 0 {
		t.Errorf("the demo left %v behind (%v)", after, err)
	}
}
