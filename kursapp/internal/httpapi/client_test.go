package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
)

func trusting(prefix string) ratelimit.Proxies {
	return ratelimit.TrustProxies(netip.MustParsePrefix(prefix))
}

// clientsSeen sends a request to each route that uses the client's address, and
// returns what the domain was told. The audit log gets the origin of every change.
func clientsSeen(t *testing.T, p ratelimit.Proxies, headers ...string) map[string]string {
	t.Helper()
	s := newSite(t, Production, func(_ *Deps, c *Config) { c.Proxies = p })
	seen := map[string]string{}
	origin := func(ctx context.Context, route string) {
		o, _ := kurs.OriginOf(ctx)
		seen["audit of "+route] = o.ClientAddress
	}
	s.accounts.login = func(ctx context.Context, l kurs.Login) (kurs.LoginResult, error) {
		seen["login"] = l.ClientPrefix // which names the session's address too
		origin(ctx, "login")
		return kurs.LoginResult{Token: adminToken, Session: newSession(false)}, nil
	}
	s.accounts.register = func(ctx context.Context, r kurs.Registration) (kurs.User, error) {
		seen["register"] = r.ClientPrefix
		origin(ctx, "register")
		return max1, nil
	}
	s.accounts.change = func(ctx context.Context, _ kurs.Actor, c kurs.PasswordChange) (kurs.LoginResult, error) {
		seen["change"] = c.ClientPrefix
		origin(ctx, "change")
		return kurs.LoginResult{Token: freshToken}, nil
	}
	s.accounts.forgot = func(ctx context.Context, _, client string) error {
		seen["forgot"] = client
		origin(ctx, "forgot")
		return nil
	}
	s.accounts.reset = func(ctx context.Context, n kurs.NewPassword) error {
		seen["reset"] = n.ClientPrefix
		origin(ctx, "reset")
		return nil
	}
	s.accounts.confirm = func(ctx context.Context, _ string) (kurs.User, error) {
		origin(ctx, "confirm")
		return max1, nil
	}
	s.accounts.logout = func(ctx context.Context, _ string) error {
		origin(ctx, "logout")
		return nil
	}
	s.limits.data = func(_ context.Context, client string) (ratelimit.Result, error) {
		seen["data"] = client
		return ratelimit.Result{Allowed: true}, nil
	}
	s.limits.global = func(_ context.Context, client string) error {
		seen["global"] = client
		return nil
	}
	for _, c := range []call{
		{"POST", "/login", `{"email":"max@example.com","password":"p"}`, nil},
		{"POST", "/users", `{"name":"N","email":"n@example.com","password":"lang genug"}`, nil},
		{"PUT", "/profile/password", changeBody, nil},
		{"POST", "/password-resets", `{"email":"max@example.com"}`, nil},
		{"POST", "/password-resets/confirmations", `{"token":"T","password":"lang genug"}`, nil},
		{"POST", "/email-confirmations", `{"token":"T"}`, nil},
		{"POST", "/logout", "", nil},
		{"GET", "/api/data", "", nil},
	} {
		c.headers = append([]string{"Authorization", asAdmin}, headers...)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, c.request(t))
		if w.Code >= 400 {
			t.Errorf("%s %s: %d %s", c.method, c.target, w.Code, w.Body)
		}
	}
	if len(seen) != 14 {
		t.Errorf("%d addresses were told, want 14: %v", len(seen), seen)
	}
	return seen
}

func TestClientBehindATrustedProxy(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string][]string{
		"one line":  {"X-Forwarded-For", "203.0.113.9, 192.0.2.1", "Forwarded", "for=203.0.113.8"},
		"two lines": {"X-Forwarded-For", "203.0.113.9", "X-Forwarded-For", "192.0.2.1"},
	} {
		for where, got := range clientsSeen(t, trusting("127.0.0.0/8"), headers...) {
			if got != "192.0.2.1" {
				t.Errorf("%s, %s: %q, want 192.0.2.1", name, where, got)
			}
		}
	}
	for where, got := range clientsSeen(t, trusting("127.0.0.0/8").Forwarded(), "X-Forwarded-For", "203.0.113.9", "Forwarded", `for="[2001:db8:1:2::3]:80"`) {
		if got != "2001:db8:1:2::/64" {
			t.Errorf("Forwarded, %s: %q, want 2001:db8:1:2::/64", where, got)
		}
	}
}

func TestUntrustedPeerCannotChooseItsAddress(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]ratelimit.Proxies{"nobody is trusted": {}, "another is trusted": trusting("10.0.0.0/8")} {
		for where, got := range clientsSeen(t, p, "X-Forwarded-For", "203.0.113.9", "Forwarded", "for=203.0.113.9", "X-Real-Ip", "203.0.113.9") {
			if got != "127.0.0.1" {
				t.Errorf("%s, %s: %q, want 127.0.0.1", name, where, got)
			}
		}
	}
}

// Ten requests for each client behind the proxy, and not one more for whoever lies.
func TestDataIsLimitedForEachClientBehindAProxy(t *testing.T) {
	t.Parallel()
	s, _ := newRealSite(t, func(c *Config) { c.Proxies = trusting("127.0.0.0/8") })
	passed := 0
	for i := range 15 {
		lie := "203.0.113." + string(rune('a'+i))
		if i%2 == 0 {
			lie = "203.0.113.9"
		}
		if s.do(t, "GET", "/api/data", "", "X-Forwarded-For", lie+", 192.0.2.1").Code == http.StatusOK {
			passed++
		}
	}
	if passed != 10 {
		t.Errorf("%d requests passed, want 10", passed)
	}
	if w := s.do(t, "GET", "/api/data", "", "X-Forwarded-For", "203.0.113.9"); w.Code != http.StatusOK {
		t.Errorf("the client whose address was used: %d", w.Code)
	}
	w := s.do(t, "GET", "/api/data", "", "X-Forwarded-For", "192.0.2.1")
	retry := w.Header().Get("Retry-After")
	want := `{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Zu viele Anfragen","status":429,` +
		`"detail":"Zu viele Anfragen. Versuche es in ` + retry + ` Sekunden erneut.","violated-policies":["data"]}`
	if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusTooManyRequests || got != want {
		t.Errorf("%d %s\nwant %s", w.Code, got, want)
	}
	if h := w.Header(); h.Get("RateLimit-Policy") != `"data";q=10;w=60` || h.Get("RateLimit") != `"data";r=0;t=`+retry || len(h.Values("Retry-After")) != 1 {
		t.Errorf("%v", h)
	}
}

func TestDataTellsWhatIsLeft(t *testing.T) {
	t.Parallel()
	s, redis := newRealSite(t)
	w := s.do(t, "GET", "/api/data", "")
	if h := w.Header(); w.Code != http.StatusOK || h.Get("RateLimit-Policy") != `"data";q=10;w=60` || h.Get("RateLimit") != `"data";r=9;t=60` {
		t.Errorf("%d %v", w.Code, h)
	}
	redis.Kill(t)
	w = s.do(t, "GET", "/api/data", "")
	if h := w.Header(); w.Code != http.StatusOK || h.Get("RateLimit-Policy") != `"data";q=10;w=60` || h.Get("RateLimit") != "" {
		t.Errorf("without Redis: %d %v", w.Code, h)
	}
}
