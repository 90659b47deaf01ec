package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const body = `{"id":1,"name":"Max","email":"max@example.com"}`

func target(s *httptest.Server) Target {
	return Target{
		Addr: strings.TrimPrefix(s.URL, "http://"), Connections: 4,
		Warm: time.Millisecond, For: 20 * time.Millisecond, Want: body,
	}
}

func TestLoadCountsAnswers(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/users/1" || r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		served.Add(1)
		_, _ = w.Write([]byte(body))
	}))
	defer s.Close()
	count, err := Load(t.Context(), target(s))
	if err != nil {
		t.Fatal(err)
	}
	if count.Requests < 1 || count.Requests > served.Load() {
		t.Errorf("%d requests counted, %d served", count.Requests, served.Load())
	}
	if count.Elapsed < 20*time.Millisecond {
		t.Errorf("counted for %v, want 20ms", count.Elapsed)
	}
}

func TestLoadSendsPathAndHeader(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/profile" || r.Header.Get("Cookie") != "session=1" {
			http.Error(w, "who is it?", http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	defer s.Close()
	asked := target(s)
	asked.Path, asked.Header = "/profile", "Cookie: session=1"
	if count, err := Load(t.Context(), asked); err != nil || count.Requests < 1 {
		t.Errorf("Load = %+v, %v", count, err)
	}
}

// A server that is slower than the time that is counted has a rate all the same.
func TestLoadWaitsForTheFirstAnswer(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-release
		_, _ = w.Write([]byte(body))
	}))
	defer s.Close()
	time.AfterFunc(200*time.Millisecond, func() { close(release) })
	if count, err := Load(t.Context(), target(s)); err != nil || count.Requests < 1 || count.Elapsed < 20*time.Millisecond {
		t.Errorf("Load = %+v, %v", count, err)
	}
}

func TestLoadOfRefusals(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte("in " + strconv.FormatInt(served.Add(1)%10, 10) + " s"))
	}))
	defer s.Close()
	asked := target(s)
	asked.Want, asked.Status, asked.Counts = "in 5 s", http.StatusTooManyRequests, true
	if count, err := Load(t.Context(), asked); err != nil || count.Requests < 1 {
		t.Errorf("Load = %+v, %v", count, err)
	}
	for name, change := range map[string]func(*Target){
		"admitted":        func(t *Target) { t.Status = http.StatusOK },
		"another unit":    func(t *Target) { t.Want = "in 5 h" },
		"letters counted": func(t *Target) { t.Want = "in n s" },
		"not counted":     func(t *Target) { t.Counts = false },
	} {
		wrong := asked
		change(&wrong)
		if _, err := Load(t.Context(), wrong); !errors.Is(err, ErrWrongAnswer) {
			t.Errorf("%s: Load = %v, want ErrWrongAnswer", name, err)
		}
	}
}

func TestLoadEndsAtAWrongAnswer(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"another body":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.ToUpper(body))) },
		"a shorter body":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body[1:])) },
		"another status":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, http.StatusServiceUnavailable) },
		"no body":          func(http.ResponseWriter, *http.Request) {},
		"a chunked answer": func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush(); _, _ = w.Write([]byte(body)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(handler)
			defer s.Close()
			if _, err := Load(t.Context(), target(s)); !errors.Is(err, ErrWrongAnswer) {
				t.Errorf("Load = %v, want ErrWrongAnswer", err)
			}
		})
	}
}
