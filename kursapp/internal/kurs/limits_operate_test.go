package kurs_test

import (
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
)

func TestLimitStateChargesNothingAndResetForgets(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	state := func(subject string) kurs.LimitState {
		t.Helper()
		s, err := w.limits.State(t.Context(), demoActor, "data", subject)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	fresh := state("192.0.2.1")
	if fresh.Remaining != 10 || fresh.Limit != 10 || fresh.ResetAfter != 0 || fresh.RetryAfter != 0 ||
		fresh.Key.Name != "rate:data:{192.0.2.1}" || fresh.Key.TTL != 0 || len(w.keysWith(t, "rate:")) != 0 {
		t.Errorf("%+v", fresh)
	}
	for range 12 {
		if _, _, err := w.limits.Data(t.Context(), "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		state("192.0.2.1")
	}
	full := state("192.0.2.1")
	if full.Remaining != 0 || full.RetryAfter <= 0 || full.ResetAfter <= 0 || full.Key.TTL <= 0 || full.Key.TTL > time.Minute {
		t.Errorf("%+v", full)
	}
	if other := state("192.0.2.2"); other.Remaining != 10 {
		t.Errorf("somebody else: %+v", other)
	}
	if err := w.limits.Reset(t.Context(), demoActor, "data", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if after := state("192.0.2.1"); after != fresh {
		t.Errorf("after the reset: %+v, want %+v", after, fresh)
	}
	if _, result, err := w.limits.Data(t.Context(), "192.0.2.1"); err != nil || !result.Allowed {
		t.Errorf("after the reset: %+v, %v", result, err)
	}
}

func TestSubjectsAsPeopleNameThem(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	for _, c := range []struct{ rule, given, subject string }{
		{"data", "192.0.2.1", "192.0.2.1"},
		{"data", "2001:db8::1", "2001:db8::/64"},
		{"data", "2001:db8::/64", "2001:db8::/64"},
		{"data", "unknown", "unknown"},
		{"login-account", "Max@Example.com", "0dd93d8f57d723a2b797b3cd254d0a67"}, // as a login of max@example.com is counted
		{"email-change", "42", "42"},
		{"global", "192.0.2.1", "192.0.2.1"}, // off, and there all the same
	} {
		s, err := w.limits.State(t.Context(), demoActor, c.rule, c.given)
		if err != nil || s.Subject != c.subject || s.Key.Name != "rate:"+c.rule+":{"+c.subject+"}" {
			t.Errorf("%s of %s: %+v, %v", c.rule, c.given, s, err)
		}
	}
	for _, c := range []struct{ rule, given, field string }{
		{"nope", "192.0.2.1", kurs.FieldRule},
		{"", "", kurs.FieldRule},
		{"data", "max@example.com", kurs.FieldSubject},
		{"data", "", kurs.FieldSubject},
		{"data", "192.0.2.1}:{", kurs.FieldSubject},
		{"login-account", "192.0.2.1", kurs.FieldSubject},
		{"email-change", "0", kurs.FieldSubject},
		{"email-change", "x", kurs.FieldSubject},
	} {
		_, err := w.limits.State(t.Context(), demoActor, c.rule, c.given)
		wantInvalid(t, err, c.field)
		wantInvalid(t, w.limits.Reset(t.Context(), demoActor, c.rule, c.given), c.field)
	}
}

func TestLimitsWithoutRedisAreUnknown(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	admin := kurs.Actor{UserID: 7, Role: kurs.RoleAdmin}
	if w.limits.Degraded() {
		t.Error("degraded with Redis up")
	}
	w.redis.Kill(t)
	for _, rule := range []string{"data", "login-address", "register"} { // open, local, closed
		_, err := w.limits.State(t.Context(), admin, rule, "192.0.2.1")
		wantCode(t, err, kurs.CodeUnavailable)
		wantCode(t, w.limits.Reset(t.Context(), admin, rule, "192.0.2.1"), kurs.CodeUnavailable)
	}
	if !w.limits.Degraded() {
		t.Error("not degraded without Redis")
	}
	for actor, code := range map[kurs.Actor]kurs.Code{{}: kurs.CodeNoToken, {UserID: 7, Role: kurs.RoleUser}: kurs.CodeForbidden} {
		_, err := w.limits.State(t.Context(), actor, "data", "192.0.2.1")
		wantCode(t, err, code)
		wantCode(t, w.limits.Reset(t.Context(), actor, "data", "192.0.2.1"), code)
	}
}
