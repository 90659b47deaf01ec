package test

import (
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
	if n := p.dataUntilRefused(t); n != 5 {
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
