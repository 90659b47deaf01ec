package session_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// visitor is the data of the sessions in the tests of HTTP.
type visitor struct {
	Name string `json:"name"`
}

type (
	visitors = session.Manager[int64, visitor]
	visit    = session.Session[int64, visitor]
	web      = session.HTTP[int64, visitor]
)

// shapeless is well formed and nobody's.
var shapeless = strings.Repeat("A", 43)

// counted is a client that counts its commands.
type counted struct {
	rueidis.Client
	commands atomic.Int64
}

func (c *counted) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	c.commands.Add(1)
	return c.Client.Do(ctx, cmd)
}

// site is a manager, its side of HTTP and a handler that says who asks.
type site struct {
	*visitors
	*web
	client *counted
	prefix string
	served atomic.Int64 // requests that came through
}

// newSite has no local tier unless the options ask for one, so that tests may change
// what is in Redis.
func newSite(tb testing.TB, o session.Options, ho session.HTTPOptions) *site {
	tb.Helper()
	return newSiteOn(tb, redistest.Shared(tb).Client(tb), o, ho)
}

func newSiteOn(tb testing.TB, client rueidis.Client, o session.Options, ho session.HTTPOptions) *site {
	tb.Helper()
	if o.Prefix == "" {
		o.Prefix = redistest.Prefix(tb) + "session:"
	}
	if o.RedisTimeout == 0 {
		o.RedisTimeout = 20 * time.Second
	}
	if o.LocalBytes == 0 {
		o.LocalBytes = -1
	}
	s := &site{client: &counted{Client: client}, prefix: o.Prefix}
	s.visitors = session.New[int64, visitor](s.client, o)
	tb.Cleanup(s.Close)
	s.web = s.HTTP(ho)
	return s
}

func (s *site) login(tb testing.TB, user int64, life ...session.Lifetime) (string, *visit) {
	tb.Helper()
	epoch, err := s.Epoch(tb.Context(), user)
	if err != nil {
		tb.Fatal(err)
	}
	token, v, err := s.Create(tb.Context(), user, epoch, visitor{Name: "Max"}, life...)
	if err != nil {
		tb.Fatal(err)
	}
	return token, v
}

// ServeHTTP says who asks.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.served.Add(1)
	v, ok := session.FromContext[int64, visitor](r.Context())
	if !ok {
		_, _ = io.WriteString(w, "nobody")
		return
	}
	_, _ = io.WriteString(w, strconv.FormatInt(v.UserID, 10)+" "+v.Data.Name)
}

// do sends a request through the middleware. The headers are pairs.
func (s *site) do(tb testing.TB, method string, headers ...string) *httptest.ResponseRecorder {
	tb.Helper()
	w := httptest.NewRecorder()
	s.web.Middleware(s).ServeHTTP(w, request(tb, method, headers...))
	return w
}

func request(tb testing.TB, method string, headers ...string) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, "https://app.example.com/profile", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func wantAnswer(tb testing.TB, w *httptest.ResponseRecorder, status int, body string) {
	tb.Helper()
	if w.Code != status || w.Body.String() != body {
		tb.Errorf("status %d, %q; want %d, %q", w.Code, w.Body, status, body)
	}
}

func (s *site) field(tb testing.TB, v *visit, name string) int64 {
	tb.Helper()
	n, err := s.client.Client.Do(tb.Context(), s.client.B().Hget().Key(s.prefix+v.ID).Field(name).Build()).AsInt64()
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func (s *site) ttl(tb testing.TB, v *visit) time.Duration {
	tb.Helper()
	n, err := s.client.Client.Do(tb.Context(), s.client.B().Pttl().Key(s.prefix+v.ID).Build()).AsInt64()
	if err != nil || n < 0 {
		tb.Fatalf("PTTL: %d, %v", n, err)
	}
	return time.Duration(n) * time.Millisecond
}

// age makes a session look as it will after d without a request.
func (s *site) age(tb testing.TB, v *visit, d time.Duration) {
	tb.Helper()
	key, ttl := s.prefix+v.ID, s.ttl(tb, v)
	for _, name := range []string{"_created", "_seen", "_expires"} {
		cmd := s.client.B().Hincrby().Key(key).Field(name).Increment(-d.Milliseconds()).Build()
		if err := s.client.Client.Do(tb.Context(), cmd).Error(); err != nil {
			tb.Fatal(err)
		}
	}
	cmd := s.client.B().Pexpire().Key(key).Milliseconds((ttl - d).Milliseconds()).Build()
	if err := s.client.Client.Do(tb.Context(), cmd).Error(); err != nil {
		tb.Fatal(err)
	}
}
