package browser

import (
	"strings"
	"syscall"
	"testing"

	"github.com/speedlayer/speedlayer/test/internal/kursapptest"
)

// app is a kursapp that can be stopped and started again at the same address.
type app struct {
	base    string
	process *kursapptest.Process
	launch  func(testing.TB, ...string) *kursapptest.Process
}

func startApp(t *testing.T, binary string, env []string, command string) *app {
	t.Helper()
	a := &app{launch: func(t testing.TB, more ...string) *kursapptest.Process {
		t.Helper()
		return kursapptest.Launch(t, binary, append(env, more...), command)
	}}
	a.process = a.launch(t)
	a.base = a.process.Base(t)
	t.Cleanup(func() { a.thaw(t) }) // else it would not end
	return a
}

func (a *app) kill(testing.TB) { a.process.Kill() }

func (a *app) restart(t testing.TB) {
	t.Helper()
	a.process = a.launch(t, "KURSAPP_ADDR="+strings.TrimPrefix(a.base, "http://"))
	a.process.Base(t)
}

func (a *app) freeze(testing.TB) { _ = a.process.Cmd.Process.Signal(syscall.SIGSTOP) }
func (a *app) thaw(testing.TB)   { _ = a.process.Cmd.Process.Signal(syscall.SIGCONT) }
