package test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// dataUntilRefused returns how many requests the data route admits.
func (p *process) dataUntilRefused(t *testing.T) (admitted int) {
	t.Helper()
	for {
		switch r := p.request(t, "GET", "/api/data", ""); r.status {
		case 200:
			admitted++
		case 429:
			return admitted
		default:
			t.Fatal(errStatus(r))
		}
	}
}

// dataOnceAdmitted waits until the data route admits somebody again, which is remembered
// to be denied, and returns how many requests it admits then.
func (p *process) dataOnceAdmitted(t *testing.T) (admitted int) {
	t.Helper()
	eventually(t, startTimeout, func() error {
		if admitted = p.dataUntilRefused(t); admitted == 0 {
			return errors.New("the data route refuses")
		}
		return nil
	})
	return admitted
}

// Who deletes a counter by hand need not tell anybody, and the metrics say who decided.
func TestACounterDeletedByHandLiftsARememberedDenial(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	p := start(t, append(prod.env, "KURSAPP_METRICS_ADDR=127.0.0.1:0"), "serve")
	m := metricsOf(t, p)
	decisions := func(decision, by string) float64 {
		t.Helper()
		n, err := metric(m.request(t, "GET", "/metrics", "").body, fmt.Sprintf(`kursapp_ratelimit_decisions_total{by=%q,decision=%q,rule="data"}`, by, decision))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := p.dataUntilRefused(t); n != 10 {
		t.Errorf("%d requests were admitted, want 10", n)
	}
	eventually(t, startTimeout, func() error {
		if r := p.request(t, "GET", "/api/data", ""); r.status != 429 || r.header.Get("Retry-After") == "" {
			return errStatus(r)
		}
		if decisions("denied", "memory") == 0 {
			return errors.New("no denial was remembered")
		}
		return nil
	})
	if keys := strings.Fields(prod.redis.CLI(t, "KEYS", "rate:*")); len(keys) != 1 || keys[0] != "rate:data:{127.0.0.1}" {
		t.Errorf("keys under rate: are %q", keys)
	}
	if n := prod.redis.CLI(t, "DEL", "rate:data:{127.0.0.1}"); n != "1" {
		t.Errorf("DEL: %s", n)
	}
	if n := p.dataOnceAdmitted(t); n != 10 {
		t.Errorf("%d requests were admitted afterwards, want 10", n)
	}
	if n := decisions("admitted", "redis"); n != 20 {
		t.Errorf("%v admitted by Redis, want 20", n)
	}
	if n := decisions("admitted", "fallback") + decisions("denied", "fallback"); n != 0 {
		t.Errorf("%v decided without Redis", n)
	}
}

func TestLimitsFileIsReadAgainOnSIGHUPAndByItself(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	path := filepath.Join(t.TempDir(), "limits.toml")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hangUp := func(p *process) {
		t.Helper()
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	write("[data]\nlimit = 3\nwindow = \"1h\"\n")
	env := append(prod.env, "KURSAPP_LIMITS_FILE="+path)
	p := start(t, env, "serve")
	if n := p.dataUntilRefused(t); n != 3 {
		t.Errorf("%d requests with a limit of 3", n)
	}

	write("[data]\nlimit = nine\n")
	hangUp(p)
	p.wantLog(t, `"line":2`)
	if n := p.dataUntilRefused(t); n != 0 {
		t.Errorf("%d more requests after an invalid file", n)
	}

	// The counter stays: of five, three are used.
	write("[data]\nlimit = 5\nwindow = \"1h\"\n")
	hangUp(p)
	p.wantLog(t, "5 in 1h")
	if n := p.dataUntilRefused(t); n != 2 {
		t.Errorf("%d more requests with a limit of 5", n)
	}
	if out := mustRun(t, env, "", "limits", "show", "data", "127.0.0.1"); !strings.Contains(out, "5 in 1h  5     0 ") {
		t.Errorf("limits show:\n%s", out)
	}
	mustRun(t, env, "", "limits", "reset", "data", "127.0.0.1")
	if n := p.dataOnceAdmitted(t); n != 5 {
		t.Errorf("%d requests after a reset", n)
	}

	// Without a signal it takes a moment.
	write("[data]\nlimit = 5\nwindow = \"1h\"\n[global]\nenabled = true\nlimit = 1\n")
	eventually(t, startTimeout, func() error {
		if r := p.request(t, "GET", "/nowhere", ""); r.status != 429 || r.header.Get("Retry-After") == "" {
			return errStatus(r)
		}
		return nil
	})
	step{"health", "GET", "/health", "", nil, 200, `{"status":"ok","redis":true}`}.run(t, p)
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestAnInvalidLimitsFileIsAUsageErrorAtTheStart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "limits.toml")
	if err := os.WriteFile(path, []byte("# limits\n\n[dat]\nlimit = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"serve", "demo"} {
		env := []string{"KURSAPP_LIMITS_FILE=" + path, "KURSAPP_ADDR=127.0.0.1:0"}
		if args == "serve" {
			env = append(env, "DATABASE_URL=postgres://kurs@127.0.0.1:1/kurs", "REDIS_URL=redis://127.0.0.1:1/0")
		}
		out, code := command(t, env, "", args)
		if code != 2 || !strings.Contains(out, fmt.Sprintf(`KURSAPP_LIMITS_FILE %s: line 3: there is no rule "dat"`, path)) {
			t.Errorf("%s: exit code %d:\n%s", args, code, out)
		}
	}
}
