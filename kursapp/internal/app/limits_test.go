package app

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// limits runs a command about limits and returns what it prints.
func (s *shell) limits(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	args = append([]string{"limits", "--redis-url=" + s.server.URL()}, args...)
	var out, errs bytes.Buffer
	cfg, err := config.Parse(args, &out, &errs)
	if err == nil {
		err = run(t.Context(), cfg, streams{strings.NewReader(""), &out, &errs})
	}
	return out.String(), errs.String(), err
}

func (s *shell) mustLimits(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, err := s.limits(t, args...)
	if err != nil || errs != "" {
		t.Fatalf("kursapp limits %s: %v %s", strings.Join(args, " "), err, errs)
	}
	return out
}

// charge charges subject n times under a default rule.
func (s *shell) charge(t *testing.T, name, subject string, n int) {
	t.Helper()
	policy := kurs.DefaultPolicy()
	limit, ok := policy.Limit(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	l := ratelimit.New(s.server.Client(t), ratelimit.Options{RedisTimeout: shellTimeout})
	defer l.Close()
	for range n {
		if r, err := l.Take(t.Context(), subject, limit.Rule); err != nil || !r.Allowed {
			t.Fatalf("%+v, %v", r, err)
		}
	}
}

func (s *shell) limitState(t *testing.T, args ...string) (state limitState) {
	t.Helper()
	out := s.mustLimits(t, append([]string{"show", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &state); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return state
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "limits.toml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func limitsList(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	cfg, err := config.Parse(append([]string{"limits", "list"}, args...), &out, &errs)
	if err == nil {
		err = run(t.Context(), cfg, streams{strings.NewReader(""), &out, &errs})
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLimitsListSaysWhereEachComesFrom(t *testing.T) {
	path := writeFile(t, "[data]\nlimit = 100\n\n[global]\nenabled = true\nalgorithm = \"gcra\"\nburst = 20\n")
	t.Setenv("REDIS_URL", "")
	t.Setenv("KURSAPP_LIMITS_FILE", "")
	out := limitsList(t)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 11 || strings.Join(strings.Fields(lines[0]), " ") != "RULE LIMIT WITHOUT REDIS COUNTED BY GUARDS FROM" {
		t.Fatalf("%s", out)
	}
	if got := strings.Join(strings.Fields(lines[1]), " "); got != "data 10 in 1m open address GET /api/data default" {
		t.Error(got)
	}
	if got := strings.Join(strings.Fields(lines[10]), " "); got != "global off local address all requests of one client default" {
		t.Error(got)
	}
	t.Setenv("KURSAPP_LIMITS_FILE", path)
	var all []listedLimit
	if err := json.Unmarshal([]byte(limitsList(t, "--json")), &all); err != nil || len(all) != 10 {
		t.Fatalf("%v: %+v", err, all)
	}
	for _, l := range all {
		switch {
		case l.Rule == "data" && l.Limit == 100 && l.WindowSeconds == 60 && l.Origin == path+":1" && l.Enabled:
		case l.Rule == "global" && l.Enabled && l.Origin == path+":4" && l.CountedBy == "address":
		case l.Rule == "data", l.Rule == "global", l.Origin != "default", l.Guards == "", l.WithoutRedis == "":
			t.Errorf("%+v", l)
		}
	}
}

func TestLimitsShowAndResetKnowPeopleByTheirNames(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, c := range []struct{ rule, counted, given string }{
		{"data", "192.0.2.1", "192.0.2.1"},
		{"data", "192.0.2.2", "::ffff:192.0.2.2"},
		{"login-address", "2001:db8:1:2::/64", "2001:db8:1:2:3::4"},
		{"register", "2001:db8:1:3::/64", "2001:db8:1:3::/64"},
		{"reset-token", "unknown", "unknown"},
		{"login-account", ratelimit.HashSubject("max@example.com"), "MAX@example.com"},
		{"reset-account", ratelimit.HashSubject("max@example.com"), " max@example.com"},
		{"email-change", "42", "42"},
	} {
		s.charge(t, c.rule, c.counted, 3)
		before := s.limitState(t, c.rule, c.given)
		if before.Rule != c.rule || before.Subject != c.counted || before.Used != 3 || before.Remaining != before.Limit-3 || before.ResetSeconds <= 0 || !before.Enabled {
			t.Errorf("%s of %s: %+v", c.rule, c.given, before)
		}
		out := s.mustLimits(t, "reset", c.rule, c.given)
		if !strings.HasPrefix(out, c.rule+" of "+c.given+": 3 of ") || !strings.HasSuffix(out, " forgotten.\n") {
			t.Errorf("reset: %q", out)
		}
		if after := s.limitState(t, c.rule, c.given); after.Used != 0 || after.Remaining != after.Limit || after.ResetSeconds != 0 {
			t.Errorf("%s of %s after the reset: %+v", c.rule, c.given, after)
		}
	}
}

func TestLimitsShowIsForPeopleAndChargesNothing(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.charge(t, "data", "192.0.2.1", 10)
	s.charge(t, "data", "192.0.2.2", 1)
	for range 3 {
		out := s.mustLimits(t, "show", "data", "192.0.2.1")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) != 2 || strings.Join(strings.Fields(lines[0]), " ") != "RULE SUBJECT LIMIT USED REMAINING RESET" {
			t.Fatal(out)
		}
		got := strings.Fields(lines[1])
		if strings.Join(got[:len(got)-1], " ") != "data 192.0.2.1 10 in 1m 10 0 in" {
			t.Error(lines[1])
		}
		if left, err := time.ParseDuration(got[len(got)-1]); err != nil || left <= 0 || left > time.Minute {
			t.Error(lines[1])
		}
	}
	if out := s.mustLimits(t, "show", "data", "192.0.2.3"); !strings.HasSuffix(out, "  0     10         -\n") {
		t.Errorf("of somebody new:\n%q", out)
	}
	var done forgotten
	if err := json.Unmarshal([]byte(s.mustLimits(t, "reset", "--json", "data", "192.0.2.1")), &done); err != nil || done != (forgotten{"data", "192.0.2.1", 10}) {
		t.Errorf("%+v, %v", done, err)
	}
	if state := s.limitState(t, "data", "192.0.2.2"); state.Used != 1 {
		t.Errorf("of another client: %+v", state)
	}
	if _, errs, err := s.limits(t, "show", "global", "192.0.2.1"); err != nil || !strings.Contains(errs, "global is off") {
		t.Errorf("a rule that is off: %v %s", err, errs)
	}
}

func TestLimitsShowHasTheLimitsOfTheFile(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.charge(t, "data", "192.0.2.1", 4)
	path := writeFile(t, "[data]\nlimit = 6\n")
	if state := s.limitState(t, "--limits-file="+path, "data", "192.0.2.1"); state.Limit != 6 || state.Used != 4 || state.Remaining != 2 {
		t.Errorf("%+v", state)
	}
}

// With gcra a burst is what may be used at once.
func TestLimitsShowCountsABurst(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	path := writeFile(t, "[data]\nlimit = 6\nalgorithm = \"gcra\"\nburst = 2\n")
	if state := s.limitState(t, "--limits-file="+path, "data", "192.0.2.1"); state.Limit != 6 || state.Used != 0 || state.Remaining != 2 {
		t.Errorf("%+v", state)
	}
	if out := s.mustLimits(t, "show", "--limits-file="+path, "data", "192.0.2.1"); !strings.Contains(out, "6 in 1m, gcra, 2 at once  0     2") {
		t.Error(out)
	}
	if out := s.mustLimits(t, "reset", "--limits-file="+path, "data", "192.0.2.1"); out != "data of 192.0.2.1: 0 of 2 forgotten.\n" {
		t.Errorf("%q", out)
	}
}

func TestLimitsCommandsRefuseWhatTheyCannotDo(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	invalid := writeFile(t, "[data]\nlimit = 0\n")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"show", "login", "192.0.2.1"}, `"login". The rules are: data, register`},
		{[]string{"show", "data", "max@example.com"}, "address"},
		{[]string{"reset", "login-account", "192.0.2.1"}, "e-mail address"},
		{[]string{"reset", "email-change", "max@example.com"}, "user's id"},
		{[]string{"reset", "email-change", "0"}, "user's id"},
		{[]string{"list", "--limits-file=" + invalid}, invalid + ": line 2: limit: 0 requests"},
		{[]string{"reset", "--limits-file=" + invalid, "data", "192.0.2.1"}, "line 2"},
		{[]string{"list", "--limits-file=" + invalid + "x"}, "KURSAPP_LIMITS_FILE"},
	} {
		if _, _, err := s.limits(t, c.args...); !config.IsUsage(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want a usage error with %q", c.args, err, c.want)
		}
	}
	s.server.CLI(t, "DEL", markKey)
	if _, _, err := s.limits(t, "reset", "data", "192.0.2.1"); !config.IsUsage(err) || !strings.Contains(err.Error(), "REDIS_URL") {
		t.Errorf("reset in somebody else's Redis: %v", err)
	}
	if _, errs, err := s.limits(t, "show", "data", "192.0.2.1"); err != nil || !strings.Contains(errs, "REDIS_URL") {
		t.Errorf("show of somebody else's Redis: %v, %s", err, errs)
	}
	s.server.Kill(t)
	for _, command := range []string{"show", "reset"} {
		if _, _, err := s.limits(t, command, "data", "192.0.2.1"); err == nil || config.IsUsage(err) || !strings.Contains(err.Error(), s.server.Addr()) {
			t.Errorf("%s without Redis: %v", command, err)
		}
	}
}
