package browser

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const web = "../../kursapp/web"

// missing says what the tests lack, or nil.
func missing() error {
	if _, err := exec.LookPath("node"); err != nil {
		return errors.New("Node is missing")
	}
	if _, err := os.Stat(web + "/node_modules/playwright-core/package.json"); err != nil {
		return errors.New("the dashboard's packages are not installed")
	}
	if chromium() == "" {
		return errors.New("Chromium is missing")
	}
	if out, err := exec.CommandContext(context.Background(), web+"/build.sh", "--check").CombinedOutput(); err != nil {
		return errors.New(strings.TrimSpace(string(out)))
	}
	return nil
}

// chromium is the path of a Chromium, or empty.
func chromium() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(cmp.Or(name, "-")); err == nil {
			return path
		}
	}
	return ""
}

// startBrowser starts the one Chromium that all files share and returns the address at
// which playwright finds it.
func startBrowser(t *testing.T) (address string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "node", filepath.Join(web, "e2e/browser.mjs"))
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium())
	cmd.Stderr = os.Stderr
	// It ends with its input, also when this process is killed.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		stop := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
		defer stop.Stop()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("Chromium did not start: %v", err)
	}
	return strings.TrimSpace(line)
}
