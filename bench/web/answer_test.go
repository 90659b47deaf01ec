package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
)

func TestLearnKeepsWhatDoesNotChange(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Frame-Options", "DENY")
		w.Header().Set("ETag", `"of the entry"`)
		w.Header().Set("X-Request-Id", strconv.FormatInt(n.Add(1), 10))
		if n.Load() == 1 {
			w.Header().Set("X-First", "only")
		}
		_, _ = w.Write([]byte(body))
	}))
	defer s.Close()
	a, err := learn(t.Context(), s.URL, Request{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range a.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	if a.Body != body || !slices.Equal(names, []string{"Content-Type", "X-Frame-Options"}) {
		t.Errorf("learned %q with headers %v", a.Body, names)
	}
}

func TestLearnRefusesABodyThatChanges(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(strconv.AppendInt(nil, n.Add(1), 10))
	}))
	defer s.Close()
	if _, err := learn(t.Context(), s.URL, Request{}); !errors.Is(err, ErrChanging) {
		t.Errorf("learn = %v, want ErrChanging", err)
	}
}

func TestTierIsTheDetail(t *testing.T) {
	t.Parallel()
	h := http.Header{"Cache-Status": {"kursapp; hit; ttl=59; detail=redis"}}
	if got := tier(h); got != "redis" {
		t.Errorf("tier = %q", got)
	}
}
