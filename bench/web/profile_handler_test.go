package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/speedlayer/speedlayer/bench/redisserver"
	"github.com/speedlayer/speedlayer/bench/sessions"
)

// TestProfileNeedsASession: a contestant that lets everybody in would be the fastest.
func TestProfileNeedsASession(t *testing.T) {
	t.Parallel()
	redis, err := redisserver.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Stop()
	for _, c := range sessions.All() {
		t.Run(c.ID, func(t *testing.T) {
			store, err := c.Open(t.Context(), sessions.Place{Redis: redis.Addr()})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			h := SessionHandler(store, Answer{})
			cookie := serve(t.Context(), h, http.MethodPost, loginPath, "").Body.String()
			if w := serve(t.Context(), h, http.MethodGet, profilePath, cookie); w.Code != http.StatusOK {
				t.Errorf("with a session: %d %q", w.Code, w.Body)
			}
			for name, cookie := range map[string]string{
				"none": "", "another name": "x" + cookie, "changed": cookie[:len(cookie)-9] + "AAAAAAAAA",
			} {
				if w := serve(t.Context(), h, http.MethodGet, profilePath, cookie); w.Code != http.StatusUnauthorized {
					t.Errorf("cookie %s: %d %q", name, w.Code, w.Body)
				}
			}
		})
	}
}

func serve(ctx context.Context, h http.Handler, method, path, cookie string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, method, path, http.NoBody)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
