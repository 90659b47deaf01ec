package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/ratelimit"
)

var perMinute = ratelimit.Rule{Name: "data", Limit: 2, Window: time.Minute}

// door is a handler behind a middleware, which counts who came through.
type door struct {
	http.Handler
	served atomic.Int64
}

func newDoor(b *bed, o ratelimit.HTTPOptions) *door {
	d := &door{}
	d.Handler = b.Middleware(o)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		d.served.Add(1)
		_, _ = io.WriteString(w, "served")
	}))
	return d
}

func (d *door) get(tb testing.TB, peer string, lines ...string) *httptest.ResponseRecorder {
	tb.Helper()
	r := from(peer, lines...).WithContext(tb.Context())
	r.Method = http.MethodGet
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func TestMiddlewareTellsWhatIsLeftAndRefuses(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	hourly := ratelimit.Rule{Name: "hourly", Limit: 100, Window: time.Hour}
	d := newDoor(b, ratelimit.HTTPOptions{Rules: []ratelimit.Rule{perMinute, hourly}})
	const policy = `"data";q=2;w=60, "hourly";q=100;w=3600`
	for _, left := range []string{"1", "0"} {
		r := d.get(t, "192.0.2.1:1")
		limit := r.Header().Get("RateLimit")
		if r.Code != 200 || r.Body.String() != "served" || r.Header().Get("RateLimit-Policy") != policy || r.Header().Get("Retry-After") != "" {
			t.Errorf("%d %v", r.Code, r.Header())
		}
		if !regexp.MustCompile(`^"data";r=` + left + `;t=([1-9]|[1-5]\d|60)$`).MatchString(limit) {
			t.Errorf("RateLimit %s with %s left", limit, left)
		}
	}
	r := d.get(t, "192.0.2.1:2")
	retry := r.Header().Get("Retry-After")
	if n, err := strconv.Atoi(retry); err != nil || n < 1 || n > 60 {
		t.Errorf("Retry-After %q", retry)
	}
	if r.Code != 429 || r.Header().Get("Content-Type") != "application/problem+json" || r.Header().Get("Cache-Control") != "no-store" ||
		r.Header().Get("RateLimit-Policy") != policy || r.Header().Get("RateLimit") != `"data";r=0;t=`+retry {
		t.Errorf("%d %v", r.Code, r.Header())
	}
	const want = `{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota Exceeded","status":429,"violated-policies":["data"]}` + "\n"
	if got := r.Body.String(); got != want || r.Header().Get("Content-Length") != strconv.Itoa(len(want)) {
		t.Errorf("length %s: %s", r.Header().Get("Content-Length"), got)
	}
	if d.served.Load() != 2 {
		t.Errorf("%d came through, want 2", d.served.Load())
	}
	if n := b.count(t, "192.0.2.1", hourly); n != 2 {
		t.Errorf("the refused request was charged: %d", n)
	}
	if r := d.get(t, "192.0.2.2:1"); r.Code != 200 {
		t.Errorf("another client: %d", r.Code)
	}
}

// Nobody gets a second limit by what it sends, and nobody uses up another's.
func TestMiddlewareIsNotFooledByHeaders(t *testing.T) {
	t.Parallel()
	d := newDoor(newBed(t), ratelimit.HTTPOptions{Rules: []ratelimit.Rule{perMinute}, Key: ratelimit.ByClient(trusted)})
	passed := 0
	for i := range 20 {
		lie := fmt.Sprintf("X-Forwarded-For: 203.0.113.%d", i)
		if d.get(t, "192.0.2.1:1", lie).Code == 200 {
			passed++
		}
		if d.get(t, proxy, lie+", 192.0.2.1").Code == 200 { // the same client, through a proxy
			passed++
		}
	}
	if passed != 2 {
		t.Errorf("%d requests of one client passed, want 2", passed)
	}
	if r := d.get(t, proxy, "X-Forwarded-For: 203.0.113.1"); r.Code != 200 {
		t.Errorf("the client whose address was used: %d", r.Code)
	}
}

func TestRequestsWithoutSubjectShareALimit(t *testing.T) {
	t.Parallel()
	d := newDoor(newBed(t), ratelimit.HTTPOptions{Rules: []ratelimit.Rule{perMinute}, Key: ratelimit.ByHeader("X-Api-Key")})
	var got []int
	for range 2 {
		got = append(got, d.get(t, proxy).Code, d.get(t, "@", "X-Api-Key: a", "X-Api-Key: b").Code)
	}
	if want := []int{200, 200, 429, 429}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if r := d.get(t, proxy, "X-Api-Key: a"); r.Code != 200 {
		t.Errorf("a request with a subject: %d", r.Code)
	}
}

func TestRulesMayDependOnTheRequest(t *testing.T) {
	t.Parallel()
	var plans atomic.Int64
	d := newDoor(newBed(t), ratelimit.HTTPOptions{RulesFor: func(r *http.Request) []ratelimit.Rule {
		switch plan := r.Header.Get("Plan"); plan {
		case "staff":
			return nil
		case "new": // as many sets as requests: none of them is kept for good
			return []ratelimit.Rule{{Name: "new", Limit: 1000 + plans.Add(1), Window: 1500 * time.Millisecond}}
		case "broken":
			return []ratelimit.Rule{{Name: "{", Limit: 1, Window: time.Minute}}
		default:
			return []ratelimit.Rule{{Name: "free", Limit: 1, Window: time.Minute}}
		}
	}})
	for range 3 {
		if r := d.get(t, proxy, "Plan: staff"); r.Code != 200 || r.Header().Get("RateLimit-Policy") != "" {
			t.Fatalf("staff: %d %v", r.Code, r.Header())
		}
	}
	for i, want := range []int{200, 429, 429} {
		if r := d.get(t, proxy); r.Code != want || r.Header().Get("RateLimit-Policy") != `"free";q=1;w=60` {
			t.Errorf("free, request %d: %d %v", i+1, r.Code, r.Header())
		}
	}
	for i := range 100 {
		want := fmt.Sprintf(`"new";q=%d`, 1001+i) // no w: the window is no whole number of seconds
		if r := d.get(t, proxy, "Plan: new"); r.Header().Get("RateLimit-Policy") != want {
			t.Fatalf("%v, want %s", r.Header(), want)
		}
	}
	if r := d.get(t, proxy, "Plan: broken"); r.Code != 500 || strings.Contains(r.Body.String(), "{\"\"") {
		t.Errorf("an invalid rule: %d", r.Code)
	}
}

func TestHooksAnswerInsteadOfTheMiddleware(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{RedisTimeout: 5 * time.Second})
	d := newDoor(b, ratelimit.HTTPOptions{
		Rules: []ratelimit.Rule{{Name: "closed", Limit: 1, Window: time.Hour, WithoutRedis: ratelimit.FailClosed}},
		OnDenied: func(w http.ResponseWriter, _ *http.Request, res ratelimit.Result) {
			http.Error(w, res.Rule+" of "+res.Subject, http.StatusForbidden)
		},
		OnError: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, strconv.FormatBool(errors.Is(err, ratelimit.ErrUnavailable)), http.StatusBadGateway)
		},
	})
	d.get(t, "192.0.2.1:1")
	if r := d.get(t, "192.0.2.1:1"); r.Code != 403 || r.Body.String() != "closed of 192.0.2.1\n" || r.Header().Get("Retry-After") == "" || r.Header().Get("RateLimit") == "" {
		t.Errorf("denied: %d %v", r.Code, r.Header())
	}
	server.Kill(t)
	if r := d.get(t, "192.0.2.9:1"); r.Code != 502 || r.Body.String() != "true\n" {
		t.Errorf("error: %d", r.Code)
	}
	if d.served.Load() != 1 {
		t.Errorf("%d came through, want 1", d.served.Load())
	}
}

func TestMiddlewareWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBedOn(t, server.Client(t), ratelimit.Options{RedisTimeout: 5 * time.Second})
	server.Kill(t)
	on := func(r ratelimit.Rule) *httptest.ResponseRecorder {
		return newDoor(b, ratelimit.HTTPOptions{Rules: []ratelimit.Rule{r}}).get(t, proxy)
	}
	if r := on(openRule); r.Code != 200 || r.Header().Get("RateLimit-Policy") != `"open";q=3;w=3600` || r.Header().Get("RateLimit") != "" {
		t.Errorf("open: %d %v", r.Code, r.Header())
	}
	if r := on(localRule); r.Code != 200 || r.Header().Get("RateLimit") != `"local";r=2;t=3600` {
		t.Errorf("local: %d %v", r.Code, r.Header())
	}
	r := on(closedRule)
	const want = `{"title":"Service Unavailable","status":503,"detail":"Limits cannot be checked at the moment."}` + "\n"
	if got := r.Body.String(); r.Code != 503 || got != want || r.Header().Get("Retry-After") != "1" || r.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("closed: %d %v %s", r.Code, r.Header(), got)
	}
}

func TestClientThatLeavesIsNotServed(t *testing.T) {
	t.Parallel()
	d := newDoor(newBed(t), ratelimit.HTTPOptions{Rules: []ratelimit.Rule{perMinute}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, from(proxy).WithContext(ctx))
	if w.Code != 503 || d.served.Load() != 0 {
		t.Errorf("%d, served %d", w.Code, d.served.Load())
	}
}

func TestTwoMiddlewaresTellOfBothLimits(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	inner := newDoor(b, ratelimit.HTTPOptions{Rules: []ratelimit.Rule{{Name: "inner", Limit: 9, Window: time.Hour}}})
	outer := &door{Handler: b.Middleware(ratelimit.HTTPOptions{Rules: []ratelimit.Rule{{Name: "outer", Limit: 1, Window: time.Hour}}})(inner)}
	r := outer.get(t, proxy)
	if got := strings.Join(r.Header().Values("RateLimit-Policy"), ", "); got != `"outer";q=1;w=3600, "inner";q=9;w=3600` {
		t.Errorf("policies %s", got)
	}
	if got := strings.Join(r.Header().Values("RateLimit"), ", "); got != `"outer";r=0;t=3600, "inner";r=8;t=3600` {
		t.Errorf("limits %s", got)
	}
	// What answers share, nobody has written into.
	if r := outer.get(t, proxy); r.Header().Get("RateLimit-Policy") != `"outer";q=1;w=3600` || len(r.Header().Values("RateLimit-Policy")) != 1 {
		t.Errorf("later: %v", r.Header())
	}
}

// A handler that adds to the headers changes no other answer.
func TestAnswersShareNoHeaders(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	d := &door{Handler: b.Middleware(ratelimit.HTTPOptions{
		Rules: []ratelimit.Rule{{Name: "one", Limit: 1, Window: time.Hour}},
		OnDenied: func(w http.ResponseWriter, r *http.Request, _ ratelimit.Result) {
			for _, name := range []string{"RateLimit", "RateLimit-Policy", "Retry-After"} {
				w.Header().Add(name, r.Header.Get("Mark"))
			}
		},
	})(http.NotFoundHandler())}
	d.get(t, proxy)
	together(50, func(i int) {
		mark := strconv.Itoa(i)
		r := d.get(t, proxy, "Mark: "+mark)
		for _, name := range []string{"RateLimit", "RateLimit-Policy", "Retry-After"} {
			if v := r.Header().Values(name); len(v) != 2 || v[1] != mark {
				t.Errorf("%s of %s: %q", name, mark, v)
			}
		}
	})
}

func TestMiddlewareThatCannotBeRightPanics(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	none := func(*http.Request) []ratelimit.Rule { return nil }
	for name, o := range map[string]ratelimit.HTTPOptions{
		"no rules":           {},
		"both":               {Rules: []ratelimit.Rule{perMinute}, RulesFor: none},
		"an invalid rule":    {Rules: []ratelimit.Rule{{Name: "x"}}},
		"a rule given twice": {Rules: []ratelimit.Rule{perMinute, perMinute}},
	} {
		func() {
			defer func() {
				if v, ok := recover().(string); !ok || !strings.HasPrefix(v, "ratelimit: ") {
					t.Errorf("%s: panicked with %v", name, v)
				}
			}()
			b.Middleware(o)
		}()
	}
}

func TestHeaderCacheKnowsTheLastSets(t *testing.T) {
	t.Parallel()
	var cache ratelimit.HeaderCache
	with := func(limits ...int64) []ratelimit.Rule {
		var rules []ratelimit.Rule
		for i, limit := range limits {
			rules = append(rules, ratelimit.Rule{Name: "r" + strconv.Itoa(i), Limit: limit, Window: time.Minute})
		}
		return rules
	}
	first := cache.Of(with(1, 2)...)
	if cache.Of(with(1, 2)...) != first {
		t.Error("the same rules have other headers")
	}
	for _, other := range [][]ratelimit.Rule{with(1), with(2, 1), with(1, 3), with(1, 2, 3)} {
		if cache.Of(other...) == first {
			t.Errorf("%v has the headers of others", other)
		}
	}
	for limit := range int64(100) {
		cache.Of(with(1000 + limit)...)
	}
	if cache.Of(with(1, 2)...) == first {
		t.Error("headers are kept for ever")
	}
	last := cache.Of(with(1099)...)
	for range 1000 {
		if cache.Of(with(1099)...) != last {
			t.Fatal("what is in use is made again")
		}
	}
	together(50, func(i int) {
		header := http.Header{}
		cache.Of(with(int64(i%5+1))...).Set(header, ratelimit.Result{Allowed: true})
		if got, want := header.Get("RateLimit-Policy"), fmt.Sprintf(`"r0";q=%d;w=60`, i%5+1); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func TestHeadersOfARefusal(t *testing.T) {
	t.Parallel()
	h := ratelimit.NewHeaders(ratelimit.Rule{Name: "a", Limit: 5, Window: time.Hour})
	for _, tt := range []struct {
		res          ratelimit.Result
		limit, retry string
	}{
		{ratelimit.Result{Rule: "a", RetryAfter: time.Nanosecond}, `"a";r=0;t=1`, "1"},
		{ratelimit.Result{Rule: "a", RetryAfter: time.Second}, `"a";r=0;t=1`, "1"},
		{ratelimit.Result{Rule: "a", RetryAfter: 1001 * time.Millisecond}, `"a";r=0;t=2`, "2"},
		{ratelimit.Result{Rule: "a", RetryAfter: 1001 * time.Millisecond, Remaining: 3}, `"a";r=3;t=2`, "2"},
		{ratelimit.Result{Rule: "a", RetryAfter: 255 * time.Second}, `"a";r=0;t=255`, "255"},
		{ratelimit.Result{Rule: "a", RetryAfter: 256 * time.Second}, `"a";r=0;t=256`, "256"},
		{ratelimit.Result{Rule: "a", RetryAfter: ratelimit.MaxWindow}, `"a";r=0;t=31622400`, "31622400"},
		{ratelimit.Result{Rule: "b", RetryAfter: time.Minute}, `"b";r=0;t=60`, "60"},
		{ratelimit.Result{}, "", "1"},
		{ratelimit.Result{Allowed: true, Rule: "a", Remaining: 5}, `"a";r=5`, ""},
		{ratelimit.Result{Allowed: true, Rule: "a", Remaining: 4, ResetAfter: 1}, `"a";r=4;t=1`, ""},
	} {
		for range 2 { // made, and remembered
			header := http.Header{}
			h.Set(header, tt.res)
			if header.Get("RateLimit") != tt.limit || header.Get("Retry-After") != tt.retry || header.Get("RateLimit-Policy") != `"a";q=5;w=3600` {
				t.Errorf("%+v: %v, want %s and %q", tt.res, header, tt.limit, tt.retry)
			}
		}
	}
}
