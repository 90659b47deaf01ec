package sessiontest_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/session"
	"github.com/speedlayer/speedlayer/session/sessiontest"
)

func TestLogInAndExpire(t *testing.T) {
	for _, kind := range backends {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("SESSIONTEST_REDIS", kind)
			client := sessiontest.Redis(t)
			m := newManager(t, client, session.Options{Prefix: "app:[login]*:", LongestTimeout: 90 * 24 * time.Hour})
			token := sessiontest.LogIn(t, m, 42, profile{Name: "Max"})
			other := sessiontest.LogIn(t, m, 42, profile{Name: "Max"}, session.Lifetime{Absolute: 80 * 24 * time.Hour})
			for _, token := range []string{token, other} {
				if s, err := m.Lookup(t.Context(), token); err != nil || s.UserID != 42 || s.Data.Name != "Max" || s.Remembered != (token == other) {
					t.Fatalf("%+v, %v", s, err)
				}
			}

			sessiontest.Expire(t, m, client, token)
			if _, err := m.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("the expired session: %v", err)
			}
			if _, err := m.Lookup(t.Context(), other); err != nil {
				t.Errorf("the user's other session: %v", err)
			}
		})
	}
}

func TestExpireReachesTheLocalTier(t *testing.T) {
	t.Parallel()
	client := sessiontest.Redis(t)
	m := newManager(t, client, session.Options{})
	token := sessiontest.LogIn(t, m, 42, profile{})
	for deadline := time.Now().Add(20 * time.Second); m.Stats().LocalHits == 0; {
		if _, err := m.Lookup(t.Context(), token); err != nil || time.Now().After(deadline) {
			t.Fatalf("no local hit: %v, %+v", err, m.Stats())
		}
	}
	sessiontest.Expire(t, m, client, token)
	if _, err := m.Lookup(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("the expired session: %v", err)
	}
}

func TestLogInSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := inner(t)
	m := newManager(t, sessiontest.Redis(f), session.Options{RedisTimeout: time.Second})
	end := sessiontest.Outage(f)
	wantFatal(t, f, func() { sessiontest.LogIn(f, m, 42, profile{}) }, "log in", "unavailable")
	end()
}

func TestExpireSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	f, stranger := inner(t), inner(t)
	client := sessiontest.Redis(f)
	m := newManager(t, client, session.Options{})
	wantFatal(t, f, func() { sessiontest.Expire(f, m, client, "x") }, "expire", "not found")
	f = inner(t)
	token := sessiontest.LogIn(t, m, 42, profile{})
	wantFatal(t, f, func() { sessiontest.Expire(f, m, sessiontest.Redis(stranger), token) }, "not in the Redis of this client")
}

func TestRequestsCarryTheToken(t *testing.T) {
	t.Parallel()
	m := newManager(t, sessiontest.Redis(t), session.Options{})
	token := sessiontest.LogIn(t, m, 42, profile{Name: "Max"})
	for name, o := range map[string]session.HTTPOptions{
		"default": {}, "insecure": {Insecure: true}, "named": {Cookie: "sid"},
	} {
		web := m.HTTP(o)
		handler := web.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, _ := session.FromContext[int64, profile](r.Context())
			_, _ = io.WriteString(w, s.Data.Name)
		}))
		plain := func() *http.Request {
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
			r.AddCookie(&http.Cookie{Name: "theme", Value: "dark"})
			return r
		}
		for kind, r := range map[string]*http.Request{
			"bearer": sessiontest.WithBearer(plain(), token), "cookie": sessiontest.WithCookie(plain(), web, token),
		} {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != 200 || w.Body.String() != "Max" {
				t.Errorf("%s, %s: %d %s", name, kind, w.Code, w.Body)
			}
			if c, err := r.Cookie("theme"); err != nil || c.Value != "dark" {
				t.Errorf("%s, %s: another cookie is gone: %v", name, kind, err)
			}
		}
	}
}
