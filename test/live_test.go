package test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// liveStream is a browser that watches.
type liveStream struct {
	lines *bufio.Reader
}

func watchLive(t *testing.T, p *process, headers ...string) *liveStream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*startTimeout)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/web/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Body.Close() })
	if w.StatusCode != http.StatusOK {
		t.Fatalf("status %d", w.StatusCode)
	}
	return &liveStream{bufio.NewReader(w.Body)}
}

// await reads until an event of a name is as it should be.
func (l *liveStream) await(t *testing.T, name string, into any, is func() bool) {
	t.Helper()
	for event := ""; ; {
		line, err := l.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("before the %s: %v", name, err)
		}
		if e, ok := strings.CutPrefix(line, "event: "); ok {
			event = strings.TrimSpace(e)
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok || event != name {
			continue
		}
		if err := json.Unmarshal([]byte(data), into); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if is() {
			return
		}
	}
}

// Redis freezes and goes while somebody watches: samples go on, say that the queues are
// not known, and then the server stops at once.
func TestTheStreamOutlivesRedisAndEndsWithTheServer(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	p := start(t, []string{"REDIS_URL=" + redis.URL()}, "demo")
	l := watchLive(t, p)
	type queues []struct{ Workers int }
	var sample struct {
		T      int64
		Queues queues
		Reads  struct{ Local, Redis, Database int }
		Limits struct{ Admitted, Denied int }
	}
	var status struct{ Redis, Database struct{ OK *bool } }
	l.await(t, "sample", &sample, func() bool { return len(sample.Queues) == 2 && sample.Queues[0].Workers == 1 })
	call(t, p, 200, "GET", "/users/1", "")
	l.await(t, "sample", &sample, func() bool { return sample.Reads.Database == 1 })
	for range 12 {
		p.request(t, "GET", "/api/data", "")
	}
	admitted, denied := 0, 0
	l.await(t, "sample", &sample, func() bool {
		admitted, denied = admitted+sample.Limits.Admitted, denied+sample.Limits.Denied
		return admitted == 10 && denied == 2
	})

	redis.Freeze(t)
	sample.Queues = nil
	l.await(t, "status", &status, func() bool { return status.Redis.OK != nil && !*status.Redis.OK && *status.Database.OK })
	l.await(t, "sample", &sample, func() bool { return sample.Queues == nil })
	last := sample.T
	for range 3 {
		sample.Queues = nil
		l.await(t, "sample", &sample, func() bool { return true })
		if gap := sample.T - last; gap > 5000 {
			t.Errorf("with Redis frozen, samples are %d ms apart", gap)
		}
		last = sample.T
	}
	redis.Thaw(t)
	l.await(t, "status", &status, func() bool { return *status.Redis.OK })

	began := time.Now()
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	took := time.Since(began)
	var end struct{ Reason string }
	l.await(t, "end", &end, func() bool { return end.Reason == "stop" })
	if took > 14*time.Second { // 15 s is what a server waits for a request that does not end
		t.Errorf("with a stream open the server took %v to stop", took)
	}
}

// In production an administrator watches, and no longer than its session lasts. Watching
// is no use of it.
func TestALogoutEndsTheStream(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	p := start(t, prod.env, "serve")
	user, admin := p.login(t, userEmail), p.login(t, adminEmail)
	call(t, p, 401, "GET", "/web/live", "")
	call(t, p, 403, "GET", "/web/live", "", user)
	l := watchLive(t, p, admin)
	var me struct {
		User *struct{ Email, Role string }
		May  struct{ Operate, Administer bool }
	}
	if err := json.Unmarshal([]byte(call(t, p, 200, "GET", "/web/me", "", admin).body), &me); err != nil {
		t.Fatal(err)
	}
	if me.User == nil || me.User.Email != adminEmail || me.User.Role != "admin" || !me.May.Operate || !me.May.Administer {
		t.Errorf("me %+v", me)
	}
	var sample struct {
		Sessions struct {
			Created      int
			LookupsLocal int `json:"lookups_local"`
			LookupsRedis int `json:"lookups_redis"`
		}
	}
	none := func() bool {
		return sample.Sessions.LookupsLocal+sample.Sessions.LookupsRedis+sample.Sessions.Created == 0
	}
	l.await(t, "sample", &sample, none)
	for range 7 { // longer than the session is not looked at
		l.await(t, "sample", &sample, func() bool { return true })
		if !none() {
			t.Errorf("while nobody does anything: %+v", sample)
		}
	}
	call(t, p, 200, "POST", "/logout", "", admin)
	var end struct{ Reason string }
	l.await(t, "end", &end, func() bool { return end.Reason == "session" })
}
