package test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the path of kursapp, built with the race detector in TestMain.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "kursapp-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "kursapp")
	build := exec.CommandContext(context.Background(), "go", "build", "-race", "-o", binary, "../kursapp")
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// startTimeout bounds how long a server may take from its start to its first
// answer, on a machine that does much else.
const startTimeout = 60 * time.Second

// process is a running kursapp.
type process struct {
	base string // http://127.0.0.1:port
	cmd  *exec.Cmd
	log  *buffer // stderr: the log
	out  *buffer // stdout
	done chan struct{}
}

// start runs kursapp and waits until it listens. Only env is its environment,
// and PATH. It is stopped at the end of the test, and a data race that the
// detector saw fails the test.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := launch(t, env, args...)
	deadline := time.Now().Add(startTimeout)
	for {
		if addr := p.log.listenAddress(); addr != "" {
			p.base = "http://" + addr
			return p
		}
		select {
		case <-p.done:
			t.Fatalf("kursapp %s ended: %v\n%s%s", strings.Join(args, " "), p.cmd.ProcessState, p.out, p.log)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("kursapp %s does not listen after %v\n%s%s", strings.Join(args, " "), startTimeout, p.out, p.log)
		}
	}
}

// launch runs kursapp without waiting for anything.
func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{log: &buffer{}, out: &buffer{}, done: make(chan struct{})}
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), binary, args...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + shortTempDir(t), "KURSAPP_ADDR=127.0.0.1:0"}, env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start kursapp: %v", err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.stop(t)
		if strings.Contains(p.log.String(), "DATA RACE") {
			t.Errorf("the race detector found a data race:\n%s", p.log)
		}
		if t.Failed() {
			t.Logf("log of kursapp %s:\n%s", strings.Join(args, " "), p.log.tail(8000))
		}
	})
	return p
}

// shortTempDir is a temporary folder whose path is short enough for a Unix
// socket below it.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ka-") //nolint:usetesting // t.TempDir is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// stop asks the process to end and returns its exit code.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(startTimeout):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		<-p.done
		t.Errorf("kursapp did not stop within %v of SIGTERM:\n%s", startTimeout, p.log.tail(8000))
	}
	return p.cmd.ProcessState.ExitCode()
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// result is an answer that was read to its end.
type result struct {
	status int
	header http.Header
	body   string
}

// field returns a string member of the JSON body.
func (r result) field(name string) string {
	var members map[string]any
	if json.Unmarshal([]byte(r.body), &members) != nil {
		return ""
	}
	s, _ := members[name].(string)
	return s
}

// request is one HTTP request; header lines are "Name: value".
func (p *process) request(t *testing.T, method, path, body string, headers ...string) result {
	t.Helper()
	r, err := p.try(t.Context(), method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

var httpClient = &http.Client{
	Timeout:       startTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (p *process) try(ctx context.Context, method, path, body string, headers ...string) (result, error) {
	var payload io.Reader
	if body != "" {
		payload = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, payload)
	if err != nil {
		return result{}, err
	}
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	answer, err := httpClient.Do(req)
	if err != nil {
		return result{}, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return result{answer.StatusCode, answer.Header, string(content)}, err
}

// eventually polls until ok returns nil and fails the test with its last
// complaint when that takes longer than limit.
func eventually(t *testing.T, limit time.Duration, ok func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %v", limit, err)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(errors.Join(t.Context().Err(), err))
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// buffer collects output that is written while it is read.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *buffer) tail(n int) string {
	s := b.String()
	return s[max(0, len(s)-n):]
}

// listenAddress finds the log line that names the server's address.
func (b *buffer) listenAddress() string {
	for line := range strings.Lines(b.String()) {
		var entry struct{ Msg, Addr string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening" {
			return entry.Addr
		}
	}
	return ""
}

// wantLog waits until the log holds text: a line arrives a little after the
// answer that it belongs to.
func (p *process) wantLog(t *testing.T, text string) {
	t.Helper()
	eventually(t, startTimeout, func() error {
		if !strings.Contains(p.log.String(), text) {
			return fmt.Errorf("the log lacks %q", text)
		}
		return nil
	})
}

// errStatus complains about an answer.
func errStatus(r result) error { return fmt.Errorf("status %d: %s", r.status, r.body) }
