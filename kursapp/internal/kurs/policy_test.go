package kurs_test

import (
	"errors"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// set puts a rule of the world's policy into force, changed.
func (w *world) set(t *testing.T, name string, change func(r *ratelimit.Rule)) {
	t.Helper()
	current := w.policies.Current()
	limit, ok := current.Limit(name)
	if !ok {
		t.Fatalf("there is no rule %s", name)
	}
	change(&limit.Rule)
	policy, err := current.With(limit.Rule, false)
	if err != nil {
		t.Fatal(err)
	}
	w.policies.Set(policy)
}

func TestDefaultPolicy(t *testing.T) {
	t.Parallel()
	want := []string{
		"data address: 10 in 1m, open without Redis",
		"register address: 20 in 1m, closed without Redis",
		"login-address address: 30 in 1m, local without Redis",
		"login-account account: 10 in 5m, local without Redis",
		"email-change user: 10 in 1h, closed without Redis",
		"confirm-token address: 20 in 10m, local without Redis",
		"reset-address address: 10 in 10m, closed without Redis",
		"reset-account account: 5 in 1h, closed without Redis",
		"reset-token address: 20 in 10m, closed without Redis",
		"global address: off",
	}
	p := kurs.DefaultPolicy()
	limits := p.Limits()
	if len(limits) != len(want) {
		t.Fatalf("%d limits, want %d", len(limits), len(want))
	}
	for i, l := range limits {
		if got := l.Rule.Name + " " + l.Subject.String() + ": " + l.String(); got != want[i] {
			t.Errorf("%s, want %s", got, want[i])
		}
		if err := l.Validate(); err != nil || l.Guards == "" {
			t.Errorf("%s guards %q: %v", l.Rule.Name, l.Guards, err)
		}
	}
}

func TestAPolicyIsAValue(t *testing.T) {
	t.Parallel()
	before := kurs.DefaultPolicy()
	data, _ := before.Limit("data")
	data.Rule.Limit = 99
	before.Limits()[0].Rule.Limit = 98
	after, err := before.With(data.Rule, false)
	if err != nil {
		t.Fatal(err)
	}
	if l, _ := before.Limit("data"); l.Rule.Limit != 10 {
		t.Errorf("the policy has changed: %v", l)
	}
	if l, _ := after.Limit("data"); l.Rule.Limit != 99 {
		t.Errorf("the other policy has %v", l)
	}
	if _, err := before.With(ratelimit.Rule{Name: "login", Limit: 1, Window: time.Minute}, false); !errors.As(err, new(*kurs.LimitError)) {
		t.Errorf("a rule that there is not: %v", err)
	}
	if _, err := before.With(data.Rule, true); !errors.As(err, new(*kurs.LimitError)) {
		t.Errorf("no limit on the data route: %v", err)
	}
}

// Each service is asked with a limit of one in force: the second time it refuses.
func TestAnotherPolicyCountsAtOnce(t *testing.T) {
	t.Parallel()
	w := newProduction(t)
	user := w.add(t, "Max", kurs.RoleUser)
	other := 0
	for name, ask := range map[string]func() error{
		"data": func() error {
			_, result, err := w.limits.Data(t.Context(), "192.0.2.1")
			if err == nil && !result.Allowed {
				return &kurs.Error{Code: kurs.CodeRateLimited}
			}
			return err
		},
		"register": func() error {
			other++
			_, err := w.accounts.Register(t.Context(), kurs.Registration{
				Name: "N", Email: string(rune('a'+other)) + "@example.com", Password: "correct horse", ClientPrefix: "192.0.2.1",
			})
			return err
		},
		"login-address": func() error {
			_, err := w.accounts.Login(t.Context(), kurs.Login{Email: user.Email, Password: "wrong", ClientPrefix: "192.0.2.2"})
			return err
		},
		"login-account": func() error {
			_, err := w.accounts.Login(t.Context(), kurs.Login{Email: "nobody@example.com", Password: "wrong", ClientPrefix: "192.0.2.3"})
			return err
		},
		"email-change": func() error {
			other++
			actor := kurs.Actor{UserID: user.ID, Role: kurs.RoleUser}
			_, err := w.users.Update(t.Context(), actor, user.ID, user.Name, string(rune('a'+other))+"@example.org")
			return err
		},
		"confirm-token": func() error {
			_, err := w.accounts.ConfirmEmail(kurs.WithOrigin(t.Context(), kurs.Origin{ClientAddress: "192.0.2.1"}), "x")
			return err
		},
		"reset-address": func() error { return w.accounts.RequestPasswordReset(t.Context(), "a@example.com", "192.0.2.4") },
		"reset-account": func() error { return w.accounts.RequestPasswordReset(t.Context(), "b@example.com", "192.0.2.5") },
		"reset-token": func() error {
			return w.accounts.ResetPassword(t.Context(), kurs.NewPassword{Token: "x", Password: another, ClientPrefix: "192.0.2.1"})
		},
		"global": func() error { return w.limits.Global(t.Context(), "192.0.2.1") },
	} {
		w.policies.Set(kurs.DefaultPolicy())
		if err := ask(); kurs.CodeOf(err) == kurs.CodeRateLimited || kurs.CodeOf(err) == kurs.CodeUnavailable {
			t.Errorf("%s, by default: %v", name, err)
		}
		w.set(t, name, func(r *ratelimit.Rule) { r.Limit = 1 })
		if name == "global" { // it was off, so nothing was charged
			if err := ask(); err != nil {
				t.Errorf("%s, once on: %v", name, err)
			}
		}
		if err := ask(); kurs.CodeOf(err) != kurs.CodeRateLimited {
			t.Errorf("%s, with a limit of one: %v", name, err)
		}
	}
}

func TestTheGlobalLimitIsOffUnlessAPolicySaysSo(t *testing.T) {
	t.Parallel()
	w := newDemo(t)
	if w.limits.GlobalOn() {
		t.Error("it is on by default")
	}
	if err := w.limits.Global(t.Context(), "192.0.2.1"); err != nil || len(w.keysWith(t, "rate:")) != 0 {
		t.Errorf("charged while it is off: %v", err)
	}
	w.set(t, "global", func(r *ratelimit.Rule) { r.Limit = 2 })
	if !w.limits.GlobalOn() {
		t.Error("it is off")
	}
	for i, want := range []kurs.Code{"", "", kurs.CodeRateLimited} {
		if err := w.limits.Global(t.Context(), "192.0.2.1"); kurs.CodeOf(err) != want {
			t.Errorf("request %d: %v", i+1, err)
		}
	}
	if err := w.limits.Global(t.Context(), "192.0.2.2"); err != nil {
		t.Errorf("another client: %v", err)
	}
}

func TestALimitSaysWhatItAdmits(t *testing.T) {
	t.Parallel()
	for want, rule := range map[string]ratelimit.Rule{
		"10 in 1m":                  {Limit: 10, Window: time.Minute},
		"10 in 1m, sliding":         {Limit: 10, Window: time.Minute, Algorithm: ratelimit.SlidingWindow},
		"10 in 1h, gcra, 3 at once": {Limit: 10, Window: time.Hour, Algorithm: ratelimit.GCRA, Burst: 3},
		"1 in 1m30s, gcra":          {Limit: 1, Window: 90 * time.Second, Algorithm: ratelimit.GCRA},
	} {
		if got := (kurs.RateLimit{Rule: rule}).Admits(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
