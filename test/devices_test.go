package test

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A person logs in four times, with and without "remember me", as a program and as a
// browser, and looks at the list.
func TestRememberedSessionsAndTheListOfDevices(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	p := start(t, prod.env, "serve")
	body := func(remember string) string {
		return `{"email":"` + userEmail + `","password":"` + password + `"` + remember + `}`
	}
	const yes, no = `,"remember":true`, `,"remember":false`
	began := time.Now()
	program := call(t, p, 200, "POST", "/login", body(""), "User-Agent: program/1").field("token")
	programLong := call(t, p, 200, "POST", "/login", body(yes), "User-Agent: program/2").field("token")
	browser, browserAge := cookieOf(t, call(t, p, 200, "POST", "/web/login", body(no), "User-Agent: browser/1"))
	browserLong, browserLongAge := cookieOf(t, call(t, p, 200, "POST", "/web/login", body(yes), "User-Agent: browser/2"))
	if browserAge != "" {
		t.Errorf("the cookie outlives the browser: Max-Age %q", browserAge)
	}
	if age, err := strconv.Atoi(browserLongAge); err != nil || age < 29*24*3600 || age > 30*24*3600 {
		t.Errorf("Max-Age is %q, want 30 days", browserLongAge)
	}

	list := devices(t, p, "Authorization: Bearer "+programLong)
	want := []struct {
		agent      string
		remembered bool
		current    bool
		least      time.Duration // that it lives without a request
		most       time.Duration
	}{
		{"browser/2", true, false, 13 * 24 * time.Hour, 14 * 24 * time.Hour},
		{"browser/1", false, false, 25 * time.Minute, 30 * time.Minute},
		{"program/2", true, true, 13 * 24 * time.Hour, 14 * 24 * time.Hour},
		{"program/1", false, false, 25 * time.Minute, 30 * time.Minute},
	}
	if len(list) != len(want) {
		t.Fatalf("%d devices in %+v, want %d", len(list), list, len(want))
	}
	client := prod.redis.Client(t)
	for i, w := range want {
		d := list[i]
		if d.UserAgent != w.agent || d.Remembered != w.remembered || d.Current != w.current || d.Address != "127.0.0.1" {
			t.Errorf("device %d is %+v, want %+v from 127.0.0.1", i, d, w)
		}
		for name, text := range map[string]string{"created_at": d.CreatedAt, "last_seen_at": d.LastSeenAt} {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil || at.Before(began.Add(-time.Minute)) || at.After(time.Now().Add(time.Minute)) {
				t.Errorf("%s: %s is %q (%v)", w.agent, name, text, err)
			}
		}
		ttl, err := client.Do(t.Context(), client.B().Pttl().Key("session:"+d.ID).Build()).AsInt64()
		if life := time.Duration(ttl) * time.Millisecond; err != nil || life < w.least || life > w.most {
			t.Errorf("%s: lives %v in Redis (%v), want %v to %v", w.agent, life, err, w.least, w.most)
		}
	}

	t.Run("an id lets nobody in", func(t *testing.T) {
		for _, d := range list {
			for _, header := range []string{"Authorization: Bearer " + d.ID, "Cookie: __Host-kursapp_session=" + d.ID} {
				step{header, "GET", "/profile", "", []string{header}, 401, "Session abgelaufen oder ungültig"}.run(t, p)
			}
		}
	})
	t.Run("no answer holds a token", func(t *testing.T) {
		other := "Authorization: Bearer " + program
		cookie := "Cookie: __Host-kursapp_session=" + browserLong
		for _, s := range []struct {
			method, path, body, header string
		}{
			{"GET", "/sessions", "", other},
			{"GET", "/sessions", "", cookie},
			{"GET", "/profile", "", cookie},
			{"GET", "/users/1", "", other},
			{"PUT", "/profile/password", `{"old_password":"falsch","new_password":"a new passphrase"}`, other},
			{"DELETE", "/sessions/" + list[1].ID, "", other},
			{"DELETE", "/sessions/" + list[1].ID, "", other}, // 404
			{"DELETE", "/sessions", "", other},
			{"GET", "/profile", "", cookie}, // 401
			{"POST", "/logout", "", other},
			{"POST", "/web/logout", "", cookie},
		} {
			r := p.request(t, s.method, s.path, s.body, s.header)
			wantNowhere(t, fmt.Sprintf("the answer of %s %s (%d)", s.method, s.path, r.status), fmt.Sprint(r.header, r.body),
				[]string{program, programLong, browser, browserLong})
		}
		for _, token := range []string{program, programLong, browser, browserLong} {
			step{"ended", "GET", "/profile", "", []string{"Authorization: Bearer " + token}, 401, "Session abgelaufen oder ungültig"}.run(t, p)
		}
	})
}

// cookieOf returns the token in the cookie of an answer that shows it nowhere else, and
// the cookie's Max-Age.
func cookieOf(t *testing.T, r result) (token, maxAge string) {
	t.Helper()
	lines := r.header.Values("Set-Cookie")
	if len(lines) != 1 {
		t.Fatalf("cookies %q", lines)
	}
	cookie, err := http.ParseSetCookie(lines[0])
	if err != nil || len(cookie.Value) < 32 || strings.Contains(r.body, cookie.Value) || strings.Contains(strings.ToLower(lines[0]), "expires") {
		t.Fatalf("cookie %q (%v) and body %s", lines[0], err, r.body)
	}
	if found := regexp.MustCompile(`(?i)max-age=([^;]*)`).FindStringSubmatch(lines[0]); found != nil {
		maxAge = found[1]
	}
	return cookie.Value, maxAge
}
