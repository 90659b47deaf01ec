package test

import (
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// A Redis that is full answers, and refuses every write.
func TestLifeWithARedisThatIsFull(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	p := start(t, []string{"REDIS_URL=" + redis.URL()}, "demo")
	step{"cached", "GET", "/users/1", "", nil, 200, maxJSON}.run(t, p)
	redis.CLI(t, "CONFIG", "SET", "maxmemory", "1")

	wantHit(t, step{"still cached", "GET", "/users/1", "", nil, 200, maxJSON}.run(t, p))
	step{"not cached", "GET", "/users/3", "", nil, 200, `{"id":3,"name":"User 3","email":"user3@example.com"}`}.run(t, p)
	changed := `{"id":1,"name":"Neu","email":"max@example.com"}`
	step{"write", "PUT", "/users/1", `{"name":"Neu","email":"max@example.com"}`, nil, 200, changed}.run(t, p)
	step{"read back", "GET", "/users/1", "", nil, 200, changed}.run(t, p)
	step{"data", "GET", "/api/data", "", nil, 200, `{"message":"Hier sind deine Daten!"}`}.run(t, p)
	step{"login", "POST", "/login", `{"email":"max@example.com","password":"test123"}`, nil, 503, "erneut"}.run(t, p)
	step{"register", "POST", "/users", `{"name":"N","email":"n@example.com","password":"correct horse"}`, nil, 503, "erneut"}.run(t, p)

	redis.CLI(t, "CONFIG", "SET", "maxmemory", "0")
	r := p.request(t, "POST", "/login", `{"email":"max@example.com","password":"test123"}`)
	if r.status != 200 {
		t.Errorf("login after the memory was freed: %d %s", r.status, r.body)
	}
}
