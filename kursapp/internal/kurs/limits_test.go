package kurs_test

import (
	"testing"
	"time"
)

func TestDataIsLimitedToTenAMinute(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	for i := range 10 {
		_, result, err := w.limits.Data(t.Context(), "127.0.0.1")
		if err != nil || !result.Allowed || result.Limit != 10 || result.Remaining != int64(9-i) {
			t.Fatalf("request %d: %+v, %v", i+1, result, err)
		}
	}
	_, result, err := w.limits.Data(t.Context(), "127.0.0.1")
	if err != nil || result.Allowed || result.Rule != "data" || result.RetryAfter <= 0 || result.RetryAfter > time.Minute {
		t.Errorf("request 11: %+v, %v", result, err)
	}
	if _, result, err := w.limits.Data(t.Context(), "127.0.0.2"); err != nil || !result.Allowed {
		t.Errorf("another client: %+v, %v", result, err)
	}
}

func TestDataIsOpenWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	w.redis.Kill(t)
	began := time.Now()
	for range 20 {
		if _, result, err := w.limits.Data(t.Context(), "127.0.0.1"); err != nil || !result.Allowed {
			t.Fatalf("%+v, %v", result, err)
		}
	}
	if took := time.Since(began); took > slack {
		t.Errorf("took %v, want at most %v", took, slack)
	}
}
