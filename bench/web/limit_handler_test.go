package web

import (
	"net/http"
	"testing"

	"github.com/speedlayer/speedlayer/bench/limits"
	"github.com/speedlayer/speedlayer/bench/redisserver"
)

// TestLimitHandlersAdmitOnce: a contestant that refuses without counting would be the
// fastest. They share a Redis.
func TestLimitHandlersAdmitOnce(t *testing.T) {
	t.Parallel()
	redis, err := redisserver.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Stop()
	for _, c := range limits.Able(limits.Deny) {
		t.Run(c.ID, func(t *testing.T) {
			limiter, err := c.Open(t.Context(), redis.Addr(), OnceADay(c.ID))
			if err != nil {
				t.Fatal(err)
			}
			defer limiter.Close()
			h := LimitHandler(limiter, Answer{http.Header{"X-Why": {"quota"}}, "no"})
			if w := serve(t.Context(), h, http.MethodGet, dataPath, ""); w.Code != http.StatusOK {
				t.Errorf("the first: %d %q", w.Code, w.Body)
			}
			for range 3 {
				w := serve(t.Context(), h, http.MethodGet, dataPath, "")
				if w.Code != http.StatusTooManyRequests || w.Body.String() != "no" || w.Header().Get("X-Why") != "quota" {
					t.Errorf("a later one: %d %v %q", w.Code, w.Header(), w.Body)
				}
			}
		})
	}
}
