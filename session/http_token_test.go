package session_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/session"
)

// unconnected finds tokens and nothing else.
func unconnected(tb testing.TB, o session.HTTPOptions) *web {
	tb.Helper()
	m := session.New[int64, visitor](nil, session.Options{LocalBytes: -1})
	tb.Cleanup(m.Close)
	return m.HTTP(o)
}

func TestTokenOfARequest(t *testing.T) {
	t.Parallel()
	const cookie = "__Host-session="
	var (
		both     = session.HTTPOptions{}
		noCookie = session.HTTPOptions{NoCookie: true}
		noBearer = session.HTTPOptions{NoBearer: true}
		insecure = session.HTTPOptions{Insecure: true}
		named    = session.HTTPOptions{Cookie: "sid"}
	)
	for _, tt := range []struct {
		name    string
		o       session.HTTPOptions
		headers []string
		want    string // "" is ErrNoToken
	}{
		{"nothing", both, nil, ""},
		{"bearer", both, []string{"Authorization", "Bearer abc"}, "abc"},
		{"bearer in lower case", both, []string{"Authorization", "bearer abc"}, "abc"},
		{"bearer in upper case", both, []string{"authorization", "BEARER abc"}, "abc"},
		{"all characters of a token", both, []string{"Authorization", "Bearer aZ09-._~+/=="}, "aZ09-._~+/=="},
		{"several spaces", both, []string{"Authorization", "Bearer   abc"}, "abc"},
		{"white space around", both, []string{"Authorization", " \tBearer abc\t "}, "abc"},
		{"an empty header", both, []string{"Authorization", ""}, ""},
		{"no token", both, []string{"Authorization", "Bearer"}, ""},
		{"only a space", both, []string{"Authorization", "Bearer "}, ""},
		{"only padding", both, []string{"Authorization", "Bearer =="}, ""},
		{"padding inside", both, []string{"Authorization", "Bearer a=b"}, ""},
		{"a tab", both, []string{"Authorization", "Bearer\tabc"}, ""},
		{"no space", both, []string{"Authorization", "Bearerabc"}, ""},
		{"no scheme", both, []string{"Authorization", "abc"}, ""},
		{"another scheme", both, []string{"Authorization", "Basic YTpi"}, ""},
		{"a scheme that is folded", both, []string{"Authorization", "Bea\u0280er abc"}, ""},
		{"two tokens", both, []string{"Authorization", "Bearer abc def"}, ""},
		{"a list", both, []string{"Authorization", "Bearer abc, Bearer def"}, ""},
		{"a parameter", both, []string{"Authorization", `Bearer token="abc"`}, ""},
		{"quotes", both, []string{"Authorization", `Bearer "abc"`}, ""},
		{"a line break", both, []string{"Authorization", "Bearer abc\r\nX: y"}, ""},
		{"beyond ASCII", both, []string{"Authorization", "Bearer äbc"}, ""},
		{"two headers", both, []string{"Authorization", "Bearer abc", "Authorization", "Bearer def"}, ""},
		{"the same header twice", both, []string{"Authorization", "Bearer abc", "Authorization", "Bearer abc"}, ""},
		{"a second, empty header", both, []string{"Authorization", "Bearer abc", "Authorization", ""}, ""},
		{"the proxy's header", both, []string{"Proxy-Authorization", "Bearer abc"}, ""},

		{"cookie", both, []string{"Cookie", cookie + "abc"}, "abc"},
		{"among others", both, []string{"Cookie", "a=b; " + cookie + "abc; c=d"}, "abc"},
		{"in a second line", both, []string{"Cookie", "a=b", "Cookie", cookie + "abc"}, "abc"},
		{"an empty cookie", both, []string{"Cookie", cookie}, ""},
		{"without its prefix", both, []string{"Cookie", "session=abc"}, ""},
		{"a prefix in another case", both, []string{"Cookie", "__host-session=abc"}, ""},
		{"a name that only begins so", both, []string{"Cookie", "__Host-session2=abc"}, ""},
		{"two cookies", both, []string{"Cookie", cookie + "abc; " + cookie + "def"}, ""},
		{"two cookies in two lines", both, []string{"Cookie", cookie + "abc", "Cookie", cookie + "def"}, ""},
		{"the same cookie twice", both, []string{"Cookie", cookie + "abc; " + cookie + "abc"}, ""},
		{"a second, empty cookie", both, []string{"Cookie", cookie + "abc; " + cookie}, ""},
		{"in the value of another", both, []string{"Cookie", `a="x; ` + cookie + `abc"`}, ""},

		{"the header wins", both, []string{"Cookie", cookie + "abc", "Authorization", "Bearer def"}, "def"},
		{"a bad header is not made good", both, []string{"Cookie", cookie + "abc", "Authorization", "Basic YTpi"}, ""},
		{"nor an empty one", both, []string{"Cookie", cookie + "abc", "Authorization", ""}, ""},
		{"a bad cookie beside a header", both, []string{"Cookie", cookie + "a; " + cookie + "b", "Authorization", "Bearer def"}, "def"},

		{"no cookies: bearer", noCookie, []string{"Authorization", "Bearer abc"}, "abc"},
		{"no cookies: cookie", noCookie, []string{"Cookie", cookie + "abc"}, ""},
		{"no bearer: bearer", noBearer, []string{"Authorization", "Bearer abc"}, ""},
		{"no bearer: cookie beside a header", noBearer, []string{"Cookie", cookie + "abc", "Authorization", "Basic YTpi"}, "abc"},
		{"insecure", insecure, []string{"Cookie", "session=abc"}, "abc"},
		{"insecure, the secure name", insecure, []string{"Cookie", cookie + "abc"}, ""},
		{"a name of one's own", named, []string{"Cookie", "sid=abc"}, "abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token, err := unconnected(t, tt.o).Token(request(t, "GET", tt.headers...))
			if token != tt.want || (tt.want == "") != errors.Is(err, session.ErrNoToken) {
				t.Errorf("%q, %v; want %q", token, err, tt.want)
			}
		})
	}
}

// RFC 6750 has two more ways, which put the token into logs.
func TestTokensInURLAndBodyAreNotTaken(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequestWithContext(t.Context(), "POST", "https://app.example.com/?access_token=abc&token=abc&__Host-session=abc",
		strings.NewReader("access_token=abc&token=abc"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token, err := unconnected(t, session.HTTPOptions{}).Token(r); token != "" || !errors.Is(err, session.ErrNoToken) {
		t.Errorf("%q, %v", token, err)
	}
	if r.Form != nil {
		t.Error("the body was read")
	}
}

func TestCrossOriginRequests(t *testing.T) {
	t.Parallel()
	const trusted = "https://shop.example.com"
	type headers = []string
	for _, tt := range []struct {
		name    string
		headers headers
		refused bool // where the method changes something
	}{
		{"no browser", nil, false},
		{"the same origin", headers{"Sec-Fetch-Site", "same-origin"}, false},
		{"typed in", headers{"Sec-Fetch-Site", "none"}, false},
		{"another site", headers{"Sec-Fetch-Site", "cross-site"}, true},
		{"a subdomain", headers{"Sec-Fetch-Site", "same-site"}, true},
		{"a value that nobody knows", headers{"Sec-Fetch-Site", "friendly"}, true},
		{"another site that claims the host", headers{"Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.com"}, true},
		{"a trusted origin", headers{"Sec-Fetch-Site", "same-site", "Origin", trusted}, false},
		{"an old browser, same origin", headers{"Origin", "https://app.example.com"}, false},
		{"an old browser, another", headers{"Origin", "https://evil.example"}, true},
		{"an old browser, another port", headers{"Origin", "https://app.example.com:8443"}, true},
		{"an old browser, a subdomain", headers{"Origin", "https://x.app.example.com"}, true},
		{"an old browser, trusted", headers{"Origin", trusted}, false},
		{"the trusted host without encryption", headers{"Origin", "http://shop.example.com"}, true},
		{"the trusted name as a prefix", headers{"Origin", trusted + ".evil.example"}, true},
		{"a sandboxed page", headers{"Origin", "null"}, true},
		{"only a referrer", headers{"Referer", "https://evil.example/"}, false}, // no browser of this decade
	} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "BREW"} {
			safe := method == "GET" || method == "HEAD" || method == "OPTIONS"
			t.Run(tt.name+" "+method, func(t *testing.T) {
				t.Parallel()
				h := unconnected(t, session.HTTPOptions{TrustedOrigins: []string{trusted}})
				cookie := append(headers{"Cookie", "__Host-session=abc"}, tt.headers...)
				token, err := h.Token(request(t, method, cookie...))
				if refused := tt.refused && !safe; errors.Is(err, session.ErrCrossOrigin) != refused || (token == "") != refused {
					t.Errorf("cookie: %q, %v; refused must be %t", token, err, refused)
				}
				// A login that another page sends has no cookie yet.
				_, err = h.Token(request(t, method, tt.headers...))
				if refused := tt.refused && !safe; errors.Is(err, session.ErrCrossOrigin) != refused {
					t.Errorf("no cookie: %v; refused must be %t", err, refused)
				}
				authorized := append(headers{"Authorization", "Bearer def"}, cookie...)
				if token, err := h.Token(request(t, method, authorized...)); token != "def" || err != nil {
					t.Errorf("bearer: %q, %v", token, err)
				}
			})
		}
	}
}

// Browsers let every page open a WebSocket to any host, and send cookies along.
func TestAWebSocketOfAnotherOriginIsRefused(t *testing.T) {
	t.Parallel()
	h := unconnected(t, session.HTTPOptions{TrustedOrigins: []string{"https://shop.example.com"}})
	for origin, refused := range map[string]bool{
		"https://evil.example": true, "https://app.example.com": false, "https://shop.example.com": false,
	} {
		r := request(t, "GET", "Cookie", "__Host-session=abc", "Connection", "Upgrade", "Upgrade", "websocket", "Origin", origin)
		if _, err := h.Token(r); errors.Is(err, session.ErrCrossOrigin) != refused {
			t.Errorf("%s: %v; refused must be %t", origin, err, refused)
		}
		if r.Method != "GET" {
			t.Errorf("the request is a %s now", r.Method)
		}
	}
}

// Without the header's protection, a header must not open the door that the cookie's
// check keeps shut.
func TestAnIgnoredAuthorizationHeaderSparesNoCheck(t *testing.T) {
	t.Parallel()
	h := unconnected(t, session.HTTPOptions{NoBearer: true})
	r := request(t, "POST", "Authorization", "Bearer x", "Cookie", "__Host-session=abc", "Sec-Fetch-Site", "cross-site")
	if token, err := h.Token(r); token != "" || !errors.Is(err, session.ErrCrossOrigin) {
		t.Errorf("%q, %v", token, err)
	}
}

func TestOptionsThatCannotBeRightPanic(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		o    session.HTTPOptions
		word string
	}{
		{session.HTTPOptions{Cookie: "a b"}, "a b"},
		{session.HTTPOptions{Cookie: "__Host-", Insecure: true}, "name"},
		{session.HTTPOptions{TrustedOrigins: []string{"*"}}, `"*"`},
		{session.HTTPOptions{TrustedOrigins: []string{"https://app.example.com/"}}, "path"},
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, tt.word) {
					t.Errorf("%+v: panic %q, want one about %s", tt.o, text, tt.word)
				}
			}()
			unconnected(t, tt.o)
		}()
	}
}

// FuzzToken checks what every token must be, whatever the headers are: a part of a
// header that is not split by anything, and the same when it is sent in plain form.
func FuzzToken(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""},
		{"Bearer abc", ""},
		{"bearer  a.b= ", "x=y"},
		{"Bearer a b", "__Host-session=abc"},
		{"Basic x", "__Host-session=a; __Host-session=b"},
		{"", `__Host-session="abc"`},
		{"Bearer ,", "__Host-session"},
		{"Bearer\x00a", "__Host-session=a\x00"},
	} {
		f.Add(seed[0], seed[1], seed[0] != "")
	}
	h := unconnected(f, session.HTTPOptions{})
	f.Fuzz(func(t *testing.T, authorization, cookie string, authorized bool) {
		r := &http.Request{Method: "GET", Header: http.Header{"Cookie": {cookie}}}
		source := cookie
		if authorized {
			r.Header["Authorization"] = []string{authorization}
			source = authorization
		}
		token, err := h.Token(r)
		if err != nil {
			if token != "" || !errors.Is(err, session.ErrNoToken) {
				t.Errorf("%q, %v", token, err)
			}
			return
		}
		if token == "" || strings.ContainsAny(token, "; \t\r\n\x00") && authorized || !strings.Contains(source, token) {
			t.Errorf("token %q of %q", token, source)
		}
		again := &http.Request{Method: "GET", Header: http.Header{"Cookie": {"__Host-session=" + token}}}
		if authorized {
			again.Header["Authorization"] = []string{"Bearer " + token}
		}
		if second, err := h.Token(again); second != token && authorized {
			t.Errorf("token %q, sent again %q, %v", token, second, err)
		}
	})
}
