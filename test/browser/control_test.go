package browser

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

// startControl serves what the browser's tests need beside the browser: to break a Redis
// or a kursapp and repair it, to look into it, and to read mails. It listens on loopback alone.
func (s stage) startControl(t *testing.T) (base string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{server}/{part}/{what}", func(w http.ResponseWriter, r *http.Request) {
		redis, app := s.servers[r.PathValue("server")].redis, s.servers[r.PathValue("server")].app
		do, ok := map[string]func(testing.TB){
			"redis kill": redis.Kill, "redis restart": redis.Restart, "redis freeze": redis.Freeze, "redis thaw": redis.Thaw,
			"app kill": app.kill, "app restart": app.restart, "app freeze": app.freeze, "app thaw": app.thaw,
		}[r.PathValue("part")+" "+r.PathValue("what")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		answer(w, func() any { do(t); return nil })
	})
	// A command as redis-cli would send it: ?arg=GET&arg=cache:user:1.
	mux.HandleFunc("GET /{server}/redis", func(w http.ResponseWriter, r *http.Request) {
		args := r.URL.Query()["arg"]
		answer(w, func() any { return s.servers[r.PathValue("server")].redis.CLI(t, args...) })
	})
	mux.HandleFunc("GET /{server}/mails", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func() any { return s.servers[r.PathValue("server")].mails.To(r.URL.Query().Get("to")) })
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// answer does something that may end its goroutine, as a failing helper does.
func answer(w http.ResponseWriter, do func() any) {
	done := make(chan any, 1)
	go func() {
		defer close(done)
		done <- do()
	}()
	result, ok := <-done
	if !ok {
		http.Error(w, "it failed", http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(result)
}
