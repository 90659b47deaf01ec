package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/test/internal/kursapptest"
)

const (
	// fileTimeout bounds one file of tests.
	fileTimeout = 5 * time.Minute
	// leastFiles keeps the test from passing because it found nothing to run.
	leastFiles = 14
)

func TestDashboard(t *testing.T) {
	if err := missing(); err != nil {
		t.Fatalf("%v: run `make deps web`", err)
	}
	files, err := filepath.Glob(web + "/e2e/*.test.mjs")
	if err != nil || len(files) < leastFiles {
		t.Fatalf("found the files %v (%v), want at least %d", files, err, leastFiles)
	}
	script := os.Getenv("E2E_RUN")
	env := environment(t, script != "")
	if path := os.Getenv("E2E_HOLD"); path != "" {
		hold(t, path, env)
		return
	}
	if script != "" {
		if out, err := node(t, env, script); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	// What is left behind for people when a test fails.
	env = append(env, "E2E_SHOTS="+shotsFolder(t))
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.mjs"), func(t *testing.T) {
			t.Parallel()
			out, err := node(t, env, "--test", "--test-reporter=spec", filepath.Base(file))
			if err != nil {
				t.Fatalf("%v; pictures of failures are in bin/e2e\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}

// node runs node where the tests lie.
func node(t *testing.T, env []string, args ...string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), fileTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir, cmd.Env = web+"/e2e", env
	return cmd.CombinedOutput()
}

// environment starts everything and returns what the node processes need to find it: as
// tests want it, or as it is shown to people, who want it fast.
func environment(t *testing.T, show bool) []string {
	t.Helper()
	var binary string
	built, folder := make(chan error, 1), t.TempDir()
	go func() {
		var err error
		binary, err = kursapptest.Build(t.Context(), "../../kursapp", folder, !show)
		built <- err
	}()
	// What takes time too, meanwhile.
	browser := startBrowser(t)
	pgtest.Database(t)
	if err := <-built; err != nil {
		t.Fatalf("build kursapp: %v", err)
	}
	s := setStage(t, binary, show)
	env := append(os.Environ(),
		"E2E_BROWSER="+browser, "E2E_CONTROL="+s.startControl(t),
		"E2E_ADMIN="+adminEmail, "E2E_USER="+userEmail, "E2E_BRIEF="+briefEmail, "E2E_PASSWORD="+password)
	for name, server := range s.servers {
		env = append(env, fmt.Sprintf("E2E_%s=%s", strings.ToUpper(name), server.app.base))
	}
	return env
}

// hold writes the environment into a file and keeps everything running until the file is
// removed, for whoever writes tests: `. file; node --test cache.test.mjs`.
func hold(t *testing.T, path string, env []string) {
	t.Helper()
	var lines strings.Builder
	for _, entry := range env {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "E2E_") && name != "E2E_HOLD" {
			fmt.Fprintf(&lines, "export %s='%s'\n", name, value)
		}
	}
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for tick := time.NewTicker(time.Second); ; <-tick.C {
		if _, err := os.Stat(path); err != nil {
			return
		}
	}
}

// shotsFolder is bin/e2e of the repository: it outlives the test.
func shotsFolder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../bin/e2e")
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
