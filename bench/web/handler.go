package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// Mode is where a server of this package takes its answer from.
type Mode string

// The modes.
const (
	Bare    Mode = "bare"    // from nowhere: it writes what it was told at the start
	DoCache Mode = "docache" // from rueidis with client-side caching
	Get     Mode = "get"     // from Redis with one GET
)

// Handler answers GET /users/{id} with the headers of a, and its body or what lies
// in Redis. client may be nil in mode Bare.
func Handler(mode Mode, a Answer, client rueidis.Client) (http.Handler, error) {
	s := &server{body: a.Body, client: client}
	for name, values := range a.Header {
		s.headers = append(s.headers, header{name, values})
	}
	mux := http.NewServeMux()
	switch mode {
	case Bare:
		mux.HandleFunc("GET /users/{id}", s.bare)
	case DoCache:
		mux.HandleFunc("GET /users/{id}", s.docache)
	case Get:
		mux.HandleFunc("GET /users/{id}", s.get)
	default:
		return nil, fmt.Errorf("web: unknown mode %q", mode)
	}
	return mux, nil
}

type server struct {
	body    string
	headers []header // a slice, because walking through a map costs more
	client  rueidis.Client
}

type header struct {
	name   string
	values []string
}

const ttl = 10 * time.Minute

func (s *server) bare(w http.ResponseWriter, r *http.Request) {
	if _, ok := id(w, r); ok {
		s.write(w, []byte(s.body))
	}
}

func (s *server) docache(w http.ResponseWriter, r *http.Request) {
	if n, ok := id(w, r); ok {
		key := keyOf(n)
		s.reply(w, r, key, s.client.DoCache(r.Context(), s.client.B().Get().Key(key).Cache(), ttl))
	}
}

func (s *server) get(w http.ResponseWriter, r *http.Request) {
	if n, ok := id(w, r); ok {
		key := keyOf(n)
		s.reply(w, r, key, s.client.Do(r.Context(), s.client.B().Get().Key(key).Build()))
	}
}

func id(w http.ResponseWriter, r *http.Request) (int64, bool) {
	n, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		http.Error(w, "no such user", http.StatusNotFound)
	}
	return n, err == nil
}

func keyOf(n int64) string { return "web:user:" + strconv.FormatInt(n, 10) }

// reply sends the bytes that lie in Redis as they are. On a miss it stores them.
func (s *server) reply(w http.ResponseWriter, r *http.Request, key string, result rueidis.RedisResult) {
	raw, err := result.AsBytes()
	if rueidis.IsRedisNil(err) {
		raw = []byte(s.body)
		err = s.client.Do(r.Context(), s.client.B().Set().Key(key).Value(s.body).Ex(ttl).Build()).Error()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	s.write(w, raw)
}

func (s *server) write(w http.ResponseWriter, body []byte) {
	h := w.Header()
	for i := range s.headers {
		h[s.headers[i].name] = s.headers[i].values
	}
	_, _ = w.Write(body) //nolint:gosec // G705: JSON for a load generator; a client that is gone is nobody's error.
}
