package supervise_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/supervise"
)

// roleVariable makes this test binary play the parent that a test kills. Its value
// is the shell script that the child runs.
const roleVariable = "SUPERVISE_TEST_CHILD_SCRIPT"

func TestMain(m *testing.M) {
	if script := os.Getenv(roleVariable); script != "" {
		playParent(script)
	}
	goleak.VerifyTestMain(m)
}

func playParent(script string) {
	p, err := supervise.Start(context.Background(), supervise.Command{
		Path: "/bin/sh", Args: []string{"-c", script}, Grace: time.Second,
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.PID())
	signal.Ignore(syscall.SIGTERM)
	<-p.Done()
	os.Exit(0)
}

func start(t *testing.T, c supervise.Command) *supervise.Process {
	t.Helper()
	p, err := supervise.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func shell(script string) supervise.Command {
	return supervise.Command{Path: "sh", Args: []string{"-c", script}}
}

// awaitGone waits until no process has this id.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for syscall.Kill(pid, 0) == nil {
		select {
		case <-ctx.Done():
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("process %d is still there", pid)
		case <-tick.C:
		}
	}
}

func awaitDone(t *testing.T, p *supervise.Process) {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(time.Minute):
		t.Fatal("the child does not end")
	}
}

func TestChildDiesWithKilledParent(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"obedient":     "exec sleep 1000",
		"ignores TERM": `trap "" TERM; while :; do sleep 0.1; done`,
		"suspended":    "kill -STOP $$; exec sleep 1000",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := exec.CommandContext(t.Context(), os.Args[0])
			parent.Env = append(os.Environ(), roleVariable+"="+script)
			out, err := parent.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(pid, 0); err != nil {
				t.Fatalf("the child is not there: %v", err)
			}
			if err := parent.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = parent.Wait()
			awaitGone(t, pid)
		})
	}
}

func TestChildDiesWithKilledGuard(t *testing.T) {
	t.Parallel()
	p := start(t, shell("exec sleep 1000"))
	guard, err := syscall.Getpgid(p.PID())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(guard, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitDone(t, p)
	if p.Err() == nil {
		t.Error("no error although the guard was killed")
	}
	awaitGone(t, p.PID())
}

func TestChildIsInAnotherProcessGroup(t *testing.T) {
	t.Parallel()
	p := start(t, shell("exec sleep 1000"))
	group, err := syscall.Getpgid(p.PID())
	if err != nil {
		t.Fatal(err)
	}
	if group == syscall.Getpgrp() {
		t.Error("Ctrl-C on the terminal would reach the child")
	}
}

func TestSignalToGuardLeavesChildAlone(t *testing.T) {
	t.Parallel()
	p := start(t, shell("exec sleep 1000"))
	guard, err := syscall.Getpgid(p.PID())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(guard, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if err := p.Err(); err != nil {
		t.Errorf("Err after Stop: %v", err)
	}
}

func TestStopIsGraceful(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"TERM", "HUP"} {
		var out syncBuffer
		c := shell(`trap 'echo bye; exit 3' ` + name + `; echo ready; while :; do sleep 0.01; done`)
		c.Stdout, c.StopSignal = &out, name
		p := start(t, c)
		out.await(t, "ready\n")
		for range 2 {
			if err := p.Stop(t.Context()); err != nil {
				t.Errorf("Stop with %s: %v", name, err)
			}
		}
		if got := out.String(); got != "ready\nbye\n" {
			t.Errorf("with %s the output is %q", name, got)
		}
		if err := p.Err(); err != nil {
			t.Errorf("Err after Stop with %s: %v", name, err)
		}
	}
}

func TestStopContinuesSuspendedChild(t *testing.T) {
	t.Parallel()
	p := start(t, shell("exec sleep 1000"))
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestStopKillsAfterGrace(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	c := shell(`trap "" TERM; echo ready; while :; do sleep 0.05; done`)
	c.Stdout, c.Grace = &out, 50*time.Millisecond
	p := start(t, c)
	out.await(t, "ready\n")
	if err := p.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "did not end within 50ms") {
		t.Errorf("Stop: %v", err)
	}
	awaitGone(t, p.PID())
}

func TestStopKillsWhenContextIsDone(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	c := shell(`trap "" TERM; echo ready; while :; do sleep 0.05; done`)
	c.Stdout, c.Grace = &out, time.Hour
	p := start(t, c)
	out.await(t, "ready\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Stop: %v", err)
	}
	awaitGone(t, p.PID())
}

func TestEarlyExitIsReportedWithOutput(t *testing.T) {
	t.Parallel()
	var stderr syncBuffer
	c := shell("echo port in use >&2; exit 7")
	c.Stderr = &stderr
	p := start(t, c)
	awaitDone(t, p)
	var exit *supervise.ExitError
	if !errors.As(p.Err(), &exit) || exit.Status != 7 || exit.Output != "port in use\n" {
		t.Fatalf("Err: %#v", p.Err())
	}
	if !strings.Contains(exit.Error(), "exited with status 7; its last output:\nport in use") {
		t.Errorf("the error reads %q", exit.Error())
	}
	if got := stderr.String(); got != "port in use\n" {
		t.Errorf("stderr = %q", got)
	}
	if err := p.Signal(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("Signal after the end: %v", err)
	}
}

func TestDeathByStrangeSignalIsReported(t *testing.T) {
	t.Parallel()
	p := start(t, shell("exec sleep 1000"))
	if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitDone(t, p)
	if err := p.Err(); err == nil || !strings.Contains(err.Error(), "was ended by signal 9") {
		t.Errorf("Err: %v", err)
	}
}

func TestSuccessfulExitIsNoError(t *testing.T) {
	t.Parallel()
	p := start(t, shell("exit 0"))
	awaitDone(t, p)
	if err := p.Err(); err != nil {
		t.Errorf("Err: %v", err)
	}
}

func TestArgumentsDirectoryAndEnvironmentArrive(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	dir := t.TempDir()
	p := start(t, supervise.Command{
		Path: "/bin/sh", Args: []string{"-c", `printf '%s|' "$@" "$X"; pwd`, "sh", "a b", "", "*", "'"},
		Dir: dir, Env: []string{"X=$HOME"}, Stdout: &out,
	})
	awaitDone(t, p)
	if got, want := out.String(), "a b||*|'|$HOME|"+dir+"\n"; got != want {
		t.Errorf("the child saw %q, want %q", got, want)
	}
}

func TestStartFailsForMissingProgram(t *testing.T) {
	t.Parallel()
	if _, err := supervise.Start(t.Context(), supervise.Command{Path: "no-such-program"}); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("Start: %v", err)
	}
	c := shell("exit 0")
	c.StopSignal = "NOPE"
	if _, err := supervise.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), `"NOPE" is none of`) {
		t.Errorf("Start: %v", err)
	}
}

func TestChildHasNoDescriptorOfTheGuard(t *testing.T) {
	t.Parallel()
	p := start(t, shell("if (true <&3) 2>/dev/null || (true >&4) 2>/dev/null; then exit 1; fi"))
	awaitDone(t, p)
	if err := p.Err(); err != nil {
		t.Errorf("fd 3 or 4 is open in the child: %v", err)
	}
}

func TestLongOutputKeepsItsEnd(t *testing.T) {
	t.Parallel()
	c := shell("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; exit 1")
	c.Stdout = io.Discard
	p := start(t, c)
	awaitDone(t, p)
	var exit *supervise.ExitError
	if !errors.As(p.Err(), &exit) || len(exit.Output) != 8192 || !strings.HasSuffix(exit.Output, "line 4999\n") {
		t.Errorf("Err: %v", p.Err())
	}
}

// syncBuffer is a bytes.Buffer for one writer and one reader.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *syncBuffer) await(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(b.String(), text) {
		select {
		case <-ctx.Done():
			t.Fatalf("the child does not write %q", text)
		case <-tick.C:
		}
	}
}
