package httpapi

import (
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"testing/fstest"
)

const script = "console.log('a script that is long enough to be worth compressing, worth compressing, worth compressing')"

// built is a dashboard as a build leaves it.
func built() fstest.MapFS {
	return fstest.MapFS{
		".keep":               {},
		"index.html":          {Data: []byte("<!doctype html><title>the dashboard</title>")},
		"favicon.svg":         {Data: []byte("<svg/>")},
		"assets/app-1.js":     {Data: []byte(script)},
		"assets/view-2.js":    {Data: []byte(script)},
		"assets/view-2.js.br": {Data: []byte("as brotli")},
		"assets/view-2.js.gz": {Data: []byte("as gzip")},
		"assets/font.woff2":   {Data: []byte("a font")},
	}
}

func withUI(d *Deps, _ *Config) { d.UI = built() }

func TestTheDashboardIsServed(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production, withUI)
	const always = "public, max-age=31536000, immutable"
	for path, want := range map[string]struct{ contentType, cacheControl, body string }{
		"/ui/":                      {"text/html; charset=utf-8", "no-cache", "<!doctype html><title>the dashboard</title>"},
		"/ui/cache":                 {"text/html; charset=utf-8", "no-cache", "<!doctype html><title>the dashboard</title>"},
		"/ui/benutzer/7/x?a=b":      {"text/html; charset=utf-8", "no-cache", "<!doctype html><title>the dashboard</title>"},
		"/ui/.keep":                 {"text/html; charset=utf-8", "no-cache", "<!doctype html><title>the dashboard</title>"},
		"/ui/favicon.svg":           {"image/svg+xml", "no-cache", "<svg/>"},
		"/ui/assets/app-1.js":       {"text/javascript; charset=utf-8", always, script},
		"/ui/assets/font.woff2":     {"font/woff2", always, "a font"},
		"/ui/assets/view-2.js?v=17": {"text/javascript; charset=utf-8", always, script},
	} {
		w := s.do(t, "GET", path, "")
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Type") != want.contentType || h.Get("Cache-Control") != want.cacheControl || w.Body.String() != want.body {
			t.Errorf("%s: %d %v %s", path, w.Code, h, w.Body)
		}
		if h.Get("Content-Encoding") != "" || h.Get("Vary") != "Accept-Encoding" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
		if csp := h.Get("Content-Security-Policy"); csp != "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "+
			"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; manifest-src 'self'" {
			t.Errorf("%s: %s", path, csp)
		}
		if again := s.do(t, "GET", path, "", "If-None-Match", h.Get("ETag")); again.Code != 304 || again.Body.Len() > 0 {
			t.Errorf("%s again: %d", path, again.Code)
		}
	}
}

func TestAFileThatIsGoneIsNotAPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo, withUI)
	for _, path := range []string{"/ui/assets/app-0.js", "/ui/assets/view-2.js.gz"} {
		if w := s.do(t, "GET", path, ""); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestFilesAreCompressedForWhoTakesIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo, withUI)
	tags := map[string]string{}
	for _, c := range []struct{ path, accept, want string }{
		{"/ui/assets/app-1.js", "gzip, deflate, br", "gzip"}, // there is no .br
		{"/ui/assets/app-1.js", "deflate, gzip;q=0", ""},
		{"/ui/assets/app-1.js", "GZIP;q=0.5", "gzip"},
		{"/ui/assets/app-1.js", "xgzip", ""},
		{"/ui/assets/view-2.js", "gzip, br", "br"},
		{"/ui/assets/view-2.js", "gzip", "gzip"},
		{"/ui/assets/font.woff2", "gzip, br", ""},
		{"/ui/favicon.svg", "gzip", ""}, // it would be longer
	} {
		w := s.do(t, "GET", c.path, "", "Accept-Encoding", c.accept)
		if got := w.Header().Get("Content-Encoding"); got != c.want {
			t.Errorf("%s with %q comes as %q", c.path, c.accept, got)
		}
		key := c.path + c.want
		tag := w.Header().Get("ETag")
		for other, seen := range tags {
			if (other == key) != (seen == tag) && strings.HasPrefix(other, c.path) {
				t.Errorf("%s has the ETag %s, and %s has %s", key, tag, other, seen)
			}
		}
		tags[key] = tag
		if again := s.do(t, "GET", c.path, "", "Accept-Encoding", c.accept, "If-None-Match", tag); again.Code != 304 || again.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s again: %d %v", key, again.Code, again.Header())
		}
	}
	w := s.do(t, "GET", "/ui/assets/app-1.js", "", "Accept-Encoding", "gzip")
	r, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(r); err != nil || string(plain) != script {
		t.Errorf("%s, %v", plain, err)
	}
}

func TestTheStartPageLeadsBrowsersToTheDashboard(t *testing.T) {
	t.Parallel()
	const browser = "text/html,application/xhtml+xml,*/*;q=0.8"
	s := newSite(t, Demo, withUI)
	w := s.do(t, "GET", "/", "", "Accept", browser)
	if w.Code != 302 || w.Header().Get("Location") != "/ui/" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, c := range []struct {
		s      *site
		accept string
	}{{s, "*/*"}, {newSite(t, Demo), browser}} {
		if w := c.s.do(t, "GET", "/", "", "Accept", c.accept); w.Code != 200 || !strings.Contains(w.Body.String(), "/docs") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

func TestWithoutABuildThePageSaysWhatToRun(t *testing.T) {
	t.Parallel()
	s := newSite(t, Production)
	for _, path := range []string{"/ui/", "/ui/cache"} {
		if w := s.do(t, "GET", path, ""); w.Code != 200 || !strings.Contains(w.Body.String(), "make web") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

func TestABuildWithoutAPageIsAnError(t *testing.T) {
	t.Parallel()
	d := Deps{Users: &fakeUsers{}, Accounts: &fakeAccounts{}, Sessions: tokens(), Limits: &fakeLimits{}, RedisHealthy: func() bool { return true }}
	d.UI = fstest.MapFS{"assets/app-1.js": {Data: []byte(script)}}
	if _, err := New(d, Config{}); err == nil {
		t.Error("no error")
	}
}
