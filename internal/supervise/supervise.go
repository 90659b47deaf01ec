package supervise

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

//go:embed watchdog.sh
var watchdog string

// Command describes a child process.
type Command struct {
	// Path is the program: a path, or a name that is looked up in PATH. Required.
	Path string
	// Args are the arguments after the program's name. Default: none.
	Args []string
	// Dir is the working directory. Default: the parent's.
	Dir string
	// Env is the whole environment as "key=value". Default: the parent's.
	Env []string
	// Stdout and Stderr receive the child's output; writes are never concurrent.
	// What they receive last is part of [ExitError] as well. Default: discarded.
	Stdout, Stderr io.Writer
	// Credential runs the child as another user, which takes root.
	// Default: the parent's user.
	Credential *syscall.Credential
	// StopSignal asks the child to end, named without "SIG". Default: TERM.
	StopSignal string
	// Grace is how long the child may take to end before it is killed. When the
	// parent died, it is rounded up to whole seconds. Default: 5 s.
	Grace time.Duration
}

// ExitError says how a child ended.
type ExitError struct {
	// Name is the program's path.
	Name string
	// Status is the exit status, or 128 + n when signal n killed the child.
	Status int
	// Output is the end of what the child wrote to stdout and stderr.
	Output string
}

func (e *ExitError) Error() string {
	how := "exited with status " + strconv.Itoa(e.Status)
	if e.Status > 128 && e.Status < 160 {
		how = "was ended by signal " + strconv.Itoa(e.Status-128)
	}
	if out := strings.TrimSpace(e.Output); out != "" {
		return fmt.Sprintf("%s %s; its last output:\n%s", e.Name, how, out)
	}
	return e.Name + " " + how
}

// Process is a running child. Its methods may be called concurrently.
type Process struct {
	path     string
	signal   syscall.Signal
	grace    time.Duration
	pid      int
	cmd      *exec.Cmd
	lifeline *os.File
	tail     *tail
	done     chan struct{}
	err      error // written before done is closed

	mu      sync.Mutex // serialises signals with the end of the child
	ended   bool
	stopped bool
}

// Start runs the command. The context bounds only the start itself; the child
// goes on until it ends, [Process.Stop] or [Process.Kill] is called, or the
// calling process is gone.
func Start(ctx context.Context, c Command) (*Process, error) {
	path, err := exec.LookPath(c.Path)
	if err != nil {
		return nil, fmt.Errorf("supervise: %w", err)
	}
	if c.StopSignal == "" {
		c.StopSignal = "TERM"
	}
	if c.Grace <= 0 {
		c.Grace = 5 * time.Second
	}
	sig, err := signalNamed(c.StopSignal)
	if err != nil {
		return nil, err
	}
	lifelineR, lifelineW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("supervise: %w", err)
	}
	defer lifelineR.Close()
	pidR, pidW, err := os.Pipe()
	if err != nil {
		lifelineW.Close()
		return nil, fmt.Errorf("supervise: %w", err)
	}
	defer pidR.Close()

	p := &Process{
		path: path, signal: sig, grace: c.Grace, lifeline: lifelineW,
		tail: &tail{}, done: make(chan struct{}),
	}
	p.cmd = watchdogCommand(c, path)
	p.cmd.ExtraFiles = []*os.File{lifelineR, pidW} // fd 3 and 4
	copied, err := p.startCopying(c)
	if err == nil {
		err = p.cmd.Start()
	}
	pidW.Close()
	if err != nil {
		lifelineW.Close()
		p.closeOutputs()
		return nil, fmt.Errorf("supervise: start %s: %w", path, err)
	}
	p.closeOutputs()
	go p.wait(copied)

	stop := context.AfterFunc(ctx, func() { _ = pidR.SetReadDeadline(time.Now()) })
	defer stop()
	line, err := bufio.NewReader(pidR).ReadString('\n')
	if err == nil {
		p.pid, err = strconv.Atoi(strings.TrimSpace(line))
	}
	if err != nil {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
		return nil, fmt.Errorf("supervise: start %s: %w", path, errors.Join(context.Cause(ctx), p.err, err))
	}
	return p, nil
}

func watchdogCommand(c Command, path string) *exec.Cmd {
	seconds := (c.Grace + time.Second - 1) / time.Second
	args := []string{"-c", watchdog, "watchdog", c.StopSignal, strconv.FormatInt(int64(seconds), 10), path}
	cmd := exec.Command("/bin/sh", append(args, c.Args...)...) //nolint:noctx // the child outlives any one context
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.Credential}
	return cmd
}

// PID is the process id of the child itself, not of the script that guards it.
func (p *Process) PID() int { return p.pid }

// Done is closed when the child has ended and its output was read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is nil while the child runs, and when it ended with status 0 or after
// [Process.Stop] or [Process.Kill]. Otherwise it is an [*ExitError].
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Stop asks the child to end, kills it after the grace period or when the
// context is done, and waits until it is gone. A child that was suspended with
// SIGSTOP is continued first. A second call does no harm. The error is not nil
// when the child had to be killed.
func (p *Process) Stop(ctx context.Context) error {
	p.markStopped()
	_ = p.Signal(syscall.SIGCONT)
	_ = p.Signal(p.signal)
	timer := time.NewTimer(p.grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("supervise: killed %s: %w", p.path, context.Cause(ctx))
	case <-timer.C:
		p.Kill()
		return fmt.Errorf("supervise: killed %s: it did not end within %v", p.path, p.grace)
	}
}

// Signal sends a signal to the child. Once the child has ended it returns
// [os.ErrProcessDone].
func (p *Process) Signal(sig os.Signal) error {
	s, ok := sig.(syscall.Signal)
	if !ok {
		return fmt.Errorf("supervise: signal %v is none of this system's", sig)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return os.ErrProcessDone
	}
	if err := syscall.Kill(p.pid, s); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return fmt.Errorf("supervise: signal %v: %w", sig, err)
	}
	return nil
}

// Kill ends the child with SIGKILL and waits until it is gone.
func (p *Process) Kill() {
	p.markStopped()
	_ = p.Signal(syscall.SIGKILL)
	<-p.done
}

func (p *Process) markStopped() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}

func (p *Process) wait(copied <-chan struct{}) {
	err := p.cmd.Wait()
	// What the child itself started may hold its output open for ever.
	select {
	case <-copied:
	case <-time.After(time.Second):
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.lifeline.Close()
	var exit *exec.ExitError
	switch {
	case p.stopped || err == nil:
	case errors.As(err, &exit):
		status := exit.ExitCode()
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			status = 128 + int(ws.Signal())
		}
		p.err = &ExitError{Name: p.path, Status: status, Output: p.tail.String()}
	default:
		p.err = fmt.Errorf("supervise: wait for %s: %w", p.path, err)
	}
	close(p.done)
}

func signalNamed(name string) (syscall.Signal, error) {
	switch name {
	case "TERM":
		return syscall.SIGTERM, nil
	case "INT":
		return syscall.SIGINT, nil
	case "QUIT":
		return syscall.SIGQUIT, nil
	case "HUP":
		return syscall.SIGHUP, nil
	case "KILL":
		return syscall.SIGKILL, nil
	}
	return 0, fmt.Errorf("supervise: stop signal %q is none of TERM, INT, QUIT, HUP, KILL", name)
}
