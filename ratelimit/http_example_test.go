package ratelimit_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/speedlayer/speedlayer/ratelimit"
)

func ExampleLimiter_Middleware() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	limiter := ratelimit.New(client, ratelimit.Options{})
	defer limiter.Close()

	limited := limiter.Middleware(ratelimit.HTTPOptions{
		Rules: []ratelimit.Rule{{Name: "data", Limit: 1, Window: time.Minute}},
		Key:   ratelimit.ByClient(ratelimit.TrustProxies(netip.MustParsePrefix("10.0.0.0/8"))),
	})
	data := limited(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "data\n") }))

	for range 2 {
		r := httptest.NewRequest(http.MethodGet, "/data", nil)
		r.RemoteAddr = "10.0.0.1:40123"
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		w := httptest.NewRecorder()
		data.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Header().Get("RateLimit"), " ", w.Body)
	}
	// Output:
	// 200 "data";r=0;t=60 data
	// 429 "data";r=0;t=60 {"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota Exceeded","status":429,"violated-policies":["data"]}
}

// The client writes what it likes into the header; the proxy appends whom it talks to.
func ExampleTrustProxies() {
	proxies := ratelimit.TrustProxies(netip.MustParsePrefix("10.0.0.0/8"))
	for _, peer := range []string{"10.0.0.1:40123", "198.51.100.9:40123"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "203.0.113.5, 192.0.2.1")
		addr, _ := proxies.ClientAddr(r)
		fmt.Println(addr)
	}
	// Output:
	// 192.0.2.1
	// 198.51.100.9
}

func ExampleProxies_Forwarded() {
	proxies := ratelimit.TrustProxies(netip.MustParsePrefix("10.0.0.0/8")).Forwarded()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "10.0.0.1:40123"
	r.Header.Set("Forwarded", `for=203.0.113.5, for="[2001:db8:1:2::3]:4711";proto=https`)
	r.Header.Set("X-Forwarded-For", "203.0.113.6") // not read
	prefix, _ := proxies.ClientPrefix(r)
	fmt.Println(prefix)
	// Output: 2001:db8:1:2::/64
}

// Each user, or where nobody is logged in each client, on each route.
func ExampleCombine() {
	byClient := ratelimit.ByClient(ratelimit.Proxies{})
	who := func(r *http.Request) (string, bool) {
		if user, _, ok := r.BasicAuth(); ok { // checked by the handler around this one
			return "user:" + user, true
		}
		return byClient(r)
	}
	key := ratelimit.Combine(who, ratelimit.ByRoute())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(_ http.ResponseWriter, r *http.Request) {
		subject, _ := key(r)
		fmt.Println(subject)
	})
	r := httptest.NewRequest(http.MethodGet, "/users/7", nil)
	mux.ServeHTTP(httptest.NewRecorder(), r)
	r.SetBasicAuth("max", "secret")
	mux.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// 192.0.2.1|GET /users/{id}
	// user:max|GET /users/{id}
}

func ExampleByHeader() {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Api-Key", "sesame")
	subject, ok := ratelimit.ByHeader("X-Api-Key")(r)
	fmt.Println(subject, ok)
	// Output: d0c04f4b1951e4aeaaec8223ed2039e5 true
}

// A handler that charges by itself tells of it the same way.
func ExampleHeaders() {
	daily := ratelimit.Rule{Name: "daily", Limit: 1000, Window: 24 * time.Hour}
	headers := ratelimit.NewHeaders(daily)
	w := httptest.NewRecorder()
	headers.Set(w.Header(), ratelimit.Result{Allowed: true, Rule: "daily", Remaining: 998, ResetAfter: time.Hour})
	fmt.Println(w.Header().Get("RateLimit-Policy"))
	fmt.Println(w.Header().Get("RateLimit"))
	// Output:
	// "daily";q=1000;w=86400
	// "daily";r=998;t=3600
}
