package httpapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// look returns what GET /cache/users/{id} shows.
func look(t *testing.T, s *site, id string) inspectionBody {
	t.Helper()
	w := s.do(t, "GET", "/cache/users/"+id, "")
	var in inspectionBody
	if err := json.Unmarshal(w.Body.Bytes(), &in); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if age := time.Since(time.UnixMilli(in.Now)); age < -time.Minute || age > time.Hour {
		t.Errorf("looked at %v ago", age)
	}
	return in
}

func TestRealCacheIsShownAndSteered(t *testing.T) {
	t.Parallel()
	s, redis := newRealSite(t)
	const raw = `{"id":1,"name":"Max","email":"max@example.com"}`
	if in := look(t, s, "1"); in.Key != "cache:user:1" || in.Redis == nil || *in.Redis != (redisInspection{Reason: "miss"}) || in.Local != (localInspectionBody{}) {
		t.Errorf("nothing is there: %+v, %+v", in, in.Redis)
	}
	w := s.do(t, "POST", "/cache/users/1/warming", "")
	if w.Code != 200 || body(w) != `{"message":"Cache-Eintrag geladen"}` {
		t.Errorf("warming: %d %s", w.Code, w.Body)
	}
	if r := look(t, s, "1").Redis; !r.Present || r.Raw != raw || r.Bytes != 47 || r.TTL < 1 || r.TTL > 60_000 || r.Absent || r.Loading || r.Reason != "none" {
		t.Errorf("after warming: %+v", r)
	}
	redis.CLI(t, "SET", "cache:user:1", "kein JSON")
	redis.CLI(t, "SET", "{cache:user:1}:lease", "somebody", "PX", "60000")
	if r := look(t, s, "1").Redis; *r != (redisInspection{Present: true, Raw: "kein JSON", Bytes: 9, Reason: "undecodable", Loading: true}) {
		t.Errorf("garbage, while somebody loads: %+v", r)
	}
	w = s.do(t, "POST", "/cache/users/1/invalidation", "", "Accept-Language", "en")
	if w.Code != 200 || body(w) != `{"message":"Cache entry removed"}` {
		t.Errorf("invalidation: %d %s", w.Code, w.Body)
	}
	if r := look(t, s, "1").Redis; r.Present || r.Loading {
		t.Errorf("after invalidating: %+v", r)
	}
	w = s.do(t, "POST", "/cache/users/1/stampede", `{"readers":50}`)
	var st stampedeBody
	if err := json.Unmarshal(w.Body.Bytes(), &st); err != nil || w.Code != 200 {
		t.Fatalf("stampede: %d %s", w.Code, w.Body)
	}
	if st.Readers != 50 || st.Loads < 1 || st.Errors != 0 || st.FromLocal != 0 || st.Duration <= 0 {
		t.Errorf("stampede: %s", w.Body)
	}
	if r := look(t, s, "1").Redis; r.Raw != raw {
		t.Errorf("after the stampede: %+v", r)
	}
	redisGone(t, s, redis)
}

func redisGone(t *testing.T, s *site, redis *redistest.Server) {
	t.Helper()
	redis.Kill(t)
	if in := look(t, s, "1"); in.Redis != nil || in.Key != "cache:user:1" {
		t.Errorf("without Redis: %+v", in)
	}
	for _, what := range []string{"invalidation", "warming", "stampede"} {
		w := s.do(t, "POST", "/cache/users/1/"+what, `{}`)
		if problem(t, w); w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s without Redis: %d %s", what, w.Code, w.Body)
		}
	}
}

func TestCacheRoutesRefuse(t *testing.T) {
	t.Parallel()
	s := newSite(t, Demo)
	for _, tt := range []struct {
		method, target, body string
		status               int
		detail               string
	}{
		{"GET", "/cache/users/3", "", 404, "User nicht gefunden"},
		{"GET", "/cache/users/x", "", 422, "„id“ muss eine ganze Zahl sein"},
		{"POST", "/cache/users/3/warming", "", 404, "User nicht gefunden"},
		{"POST", "/cache/users/3/stampede", `{"readers":2}`, 404, "User nicht gefunden"},
		{"POST", "/cache/users/1/stampede", `{"readers":0}`, 422, "„readers“ muss mindestens 1 sein"},
		{"POST", "/cache/users/1/stampede", `{"readers":201}`, 422, "„readers“ darf höchstens 200 sein"},
		{"POST", "/cache/users/1/stampede", `{"readers":1.5}`, 422, "„readers“ muss eine ganze Zahl sein"},
		{"POST", "/cache/users/1/stampede", `[]`, 422, "JSON-Objekt"},
	} {
		w := s.do(t, tt.method, tt.target, tt.body)
		if p := problem(t, w); p.Status != tt.status || !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%s %s %s: %d %s", tt.method, tt.target, tt.body, w.Code, w.Body)
		}
	}
	// Without a number, as many as the document says.
	if w := s.do(t, "POST", "/cache/users/1/stampede", `{}`); w.Code != 200 ||
		body(w) != `{"readers":100,"loads":1,"collapsed":99,"from_redis":0,"from_local":0,"errors":0,"duration_us":1500}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
