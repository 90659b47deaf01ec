package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/test/internal/kursapptest"
)

// binary is the path of kursapp, built with the race detector in TestMain.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "kursapp-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := 1
	if binary, err = kursapptest.Build(context.Background(), "../kursapp", dir, true); err == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

const startTimeout = kursapptest.StartTimeout

// process is a running kursapp.
type process struct {
	base string // http://127.0.0.1:port
	cmd  *exec.Cmd
	log  *kursapptest.Output // stderr: the log
	out  *kursapptest.Output // stdout
	done chan struct{}
	own  *kursapptest.Process
}

// start runs kursapp and waits until it listens.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := launch(t, env, args...)
	p.base = p.own.Base(t)
	return p
}

// launch runs kursapp without waiting for anything.
func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	own := kursapptest.Launch(t, binary, env, args...)
	return &process{cmd: own.Cmd, log: own.Log, out: own.Out, done: own.Done, own: own}
}

// stop asks the process to end and returns its exit code.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	return p.own.Stop(t)
}

// kill ends the process as a power cut would.
func (p *process) kill() { p.own.Kill() }

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
