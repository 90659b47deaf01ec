package kursapptest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// StartTimeout bounds how long a server may take from its start to its first
// answer, on a machine that does much else.
const StartTimeout = 60 * time.Second

// Build builds kursapp into a folder and returns its path; as a test should have it, with
// the race detector, which is slow. source is where its main package lies.
func Build(ctx context.Context, source, folder string, race bool) (path string, err error) {
	path = filepath.Join(folder, "kursapp")
	build := exec.CommandContext(ctx, "go", "build", "-race="+strconv.FormatBool(race), "-o", path, source)
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	return path, build.Run()
}

// Process is a running kursapp.
type Process struct {
	Cmd  *exec.Cmd
	Log  *Output // stderr: the log
	Out  *Output // stdout
	Done chan struct{}
}

// Launch runs kursapp without waiting for anything. Only env is its environment, and
// PATH. It is stopped at the end of the test, and a data race that the detector saw
// fails the test.
func Launch(t testing.TB, binary string, env []string, args ...string) *Process {
	t.Helper()
	p := &Process{Log: &Output{}, Out: &Output{}, Done: make(chan struct{})}
	p.Cmd = exec.CommandContext(context.WithoutCancel(t.Context()), binary, args...)
	p.Cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + ShortTempDir(t), "KURSAPP_ADDR=127.0.0.1:0"}, env...)
	p.Cmd.Stdout, p.Cmd.Stderr = p.Out, p.Log
	if err := p.Cmd.Start(); err != nil {
		t.Fatalf("start kursapp: %v", err)
	}
	go func() {
		_ = p.Cmd.Wait()
		close(p.Done)
	}()
	t.Cleanup(func() {
		p.Stop(t)
		if strings.Contains(p.Log.String(), "DATA RACE") {
			t.Errorf("the race detector found a data race:\n%s", p.Log)
		}
		if t.Failed() {
			t.Logf("log of kursapp %s:\n%s", strings.Join(args, " "), p.Log.Tail(8000))
		}
	})
	return p
}

// Base waits until the process listens and returns its address, http://127.0.0.1:port.
func (p *Process) Base(t testing.TB) string {
	t.Helper()
	deadline := time.Now().Add(StartTimeout)
	for {
		if addr := p.Log.ListenAddress(); addr != "" {
			return "http://" + addr
		}
		select {
		case <-p.Done:
			t.Fatalf("%s ended: %v\n%s%s", p.Cmd, p.Cmd.ProcessState, p.Out, p.Log)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen after %v\n%s%s", p.Cmd, StartTimeout, p.Out, p.Log)
		}
	}
}

// Stop asks the process to end and returns its exit code.
func (p *Process) Stop(t testing.TB) int {
	t.Helper()
	_ = p.Cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.Done:
	case <-time.After(StartTimeout):
		_ = p.Cmd.Process.Signal(syscall.SIGQUIT)
		<-p.Done
		t.Errorf("kursapp did not stop within %v of SIGTERM:\n%s", StartTimeout, p.Log.Tail(8000))
	}
	return p.Cmd.ProcessState.ExitCode()
}

// Kill ends the process as a power cut would.
func (p *Process) Kill() {
	_ = p.Cmd.Process.Kill()
	<-p.Done
}

// Run runs kursapp to its end.
func Run(t testing.TB, binary string, env []string, stdin string, args ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), StartTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append([]string{"TMPDIR=" + ShortTempDir(t)}, env...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("kursapp %s: %v", strings.Join(args, " "), err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// MustRun runs kursapp to its end, which must be a good one.
func MustRun(t testing.TB, binary string, env []string, stdin string, args ...string) string {
	t.Helper()
	out, code := Run(t, binary, env, stdin, args...)
	if code != 0 {
		t.Fatalf("kursapp %s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// ShortTempDir is a temporary folder whose path is short enough for a Unix socket
// below it.
func ShortTempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ka-") //nolint:usetesting // t.TempDir is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
