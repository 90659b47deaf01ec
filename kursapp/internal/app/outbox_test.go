package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/outbox"
)

// fakeTasks is a queue that refuses what it is told to.
type fakeTasks struct {
	mu     sync.Mutex
	added  []string
	refuse error
}

func (f *fakeTasks) Add(_ context.Context, rows []outbox.Row) []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	errs := make([]error, len(rows))
	for i, row := range rows {
		if errs[i] = f.refuse; f.refuse == nil {
			f.added = append(f.added, string(row.Payload))
		}
	}
	return errs
}

func TestRowsGoWhereTheyBelong(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	users := kurs.NewUsers(kurs.UsersDeps{Client: client, CacheOptions: cache.Options{RedisTimeout: time.Minute}})
	t.Cleanup(users.Close)
	if err := client.Do(t.Context(), client.B().Set().Key("cache:user:1").Value("{}").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	away := errors.New("away")
	good, bad := &fakeTasks{}, &fakeTasks{refuse: away}
	s := &sink{users: users, queues: map[string]tasks{"good": good, "bad": bad}}
	errs := s.Deliver(t.Context(), []outbox.Row{
		{ID: 1, Kind: outbox.KindTask, Target: "good", Payload: []byte(`1`)},
		{ID: 2, Kind: outbox.KindTask, Target: "nowhere", Payload: []byte(`2`)},
		{ID: 3, Kind: outbox.KindInvalidate, Target: "user", Key: "1"},
		{ID: 4, Kind: outbox.KindTask, Target: "bad", Payload: []byte(`4`)},
		{ID: 5, Kind: outbox.KindTask, Target: "good", Payload: []byte(`5`)},
		{ID: 6, Kind: outbox.KindTask, Target: "", Payload: []byte(`6`)},
		{ID: 7, Kind: outbox.KindInvalidate, Target: "orders", Key: "1"},
	})
	for i, want := range []error{nil, outbox.ErrRefused, nil, away, nil, outbox.ErrRefused, outbox.ErrRefused} {
		if !errors.Is(errs[i], want) {
			t.Errorf("row %d: %v, want %v", i+1, errs[i], want)
		}
	}
	if !strings.Contains(errs[1].Error(), "nowhere") || !strings.Contains(errs[6].Error(), "orders") {
		t.Errorf("the errors do not name what is unknown: %v; %v", errs[1], errs[6])
	}
	if !slices.Equal(good.added, []string{"1", "5"}) {
		t.Errorf("the queue has %v", good.added)
	}
	if n, err := client.Do(t.Context(), client.B().Exists().Key("cache:user:1").Build()).AsInt64(); err != nil || n != 0 {
		t.Errorf("the user is still cached (%v)", err)
	}
}

func TestRelayLogSaysTroubleOnceAMinuteAndItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := &relayLog{log: slog.New(slog.NewTextHandler(&out, nil))}
		l.delivered()
		if out.Len() > 0 {
			t.Errorf("in health it wrote %s", &out)
		}
		for range 90 {
			l.failed(errors.New("redis is away"))
			time.Sleep(time.Second)
		}
		if n := strings.Count(out.String(), "does not reach Redis"); n != 2 || !strings.Contains(out.String(), "failures=60") {
			t.Errorf("%d lines in 90 s, want 2, the second with its count:\n%s", n, &out)
		}
		l.delivered()
		l.delivered()
		if n := strings.Count(out.String(), "again"); n != 3 || !strings.Contains(out.String(), "after=1m30s") {
			t.Errorf("the end was not said once:\n%s", &out)
		}
	})
}
