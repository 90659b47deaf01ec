package session_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/session"
)

// process is a child that watches sessions: see child_test.go.
type process struct {
	orders io.Writer
	ended  chan struct{}
	report atomic.Pointer[report] // the latest
}

func startProcess(t *testing.T, server *redistest.Server, prefix string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %v", childVar, server.Addr(), prefix, processStaleness))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{orders: in, ended: make(chan struct{})}
	p.report.Store(&report{})
	go func() {
		defer close(p.ended)
		for s := bufio.NewScanner(out); s.Scan(); {
			r := &report{}
			if err := json.Unmarshal(s.Bytes(), r); err != nil {
				t.Errorf("a process said %q", s.Text())
			}
			p.report.Store(r)
		}
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// await returns the first report that fulfils a condition.
func (p *process) await(t *testing.T, condition func(*report) bool) *report {
	t.Helper()
	var r *report
	eventually(t, func() bool {
		select {
		case <-p.ended:
			t.Fatal("a process has ended")
		default:
		}
		r = p.report.Load()
		return condition(r)
	})
	return r
}

// heat returns when the process finds all the sessions that it watches in its memory.
func (p *process) heat(t *testing.T, round int) {
	t.Helper()
	var before *report
	p.await(t, func(r *report) bool {
		if r.Round != round {
			return false
		}
		was := before
		before = r
		return was != nil && r.RedisLookups == was.RedisLookups && r.LocalHits > was.LocalHits+10 &&
			r.Revoked.LastFound > was.Revoked.LastFound && r.Lives.LastFound > was.Lives.LastFound
	})
}

// A revocation is sent to a Redis that stands still just before, at that moment, or just
// after it was confirmed. Three processes that have the session in memory let nobody in
// for longer than MaxStaleness after Redis stood still, and after the confirmation where
// there was one. All times are of lookups that began then: how late a process was
// scheduled plays no part.
func TestRevocationReachesProcessesOfAFrozenRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	maker := newBedOn(t, server.Client(t), session.Options{RedisTimeout: 200 * time.Millisecond})
	var processes []*process
	for range 3 {
		processes = append(processes, startProcess(t, server, maker.prefix))
	}
	rounds := 6
	if long() {
		rounds = 60
	}
	pid := pidOf(t, server)
	var sum outcome
	for i := range rounds {
		sum.add(freezeRound(t, i+1, server, pid, maker, processes))
	}
	if sum.memory == 0 {
		t.Error("nobody had the session in memory when Redis stood still: the test proves nothing")
	}
	t.Logf("%d rounds, %d times confirmed before Redis stood still; %d processes of %d let the session in afterwards, "+
		"%v at most after it stood still; %v after a confirmation at most",
		rounds, sum.confirmed, sum.memory, 3*rounds, sum.afterStop, sum.afterConfirmation)
}

// outcome is what rounds found.
type outcome struct {
	confirmed, memory            int
	afterStop, afterConfirmation time.Duration
}

func (o *outcome) add(r outcome) {
	o.confirmed += r.confirmed
	o.memory += r.memory
	o.afterStop = max(o.afterStop, r.afterStop)
	o.afterConfirmation = max(o.afterConfirmation, r.afterConfirmation)
}

func freezeRound(t *testing.T, round int, server *redistest.Server, pid string, maker *bed, processes []*process) (o outcome) {
	t.Helper()
	var tokens [2]string
	var s *Session
	eventually(t, func() bool { // Redis may have to wake up
		var err error
		if tokens[0], s, err = maker.tryLogin(t.Context(), fmt.Sprint("user", round)); err == nil {
			tokens[1], _, err = maker.tryLogin(t.Context(), "lives")
		}
		return err == nil
	})
	for _, p := range processes {
		fmt.Fprintln(p.orders, round, tokens[0], tokens[1])
	}
	for _, p := range processes {
		p.heat(t, round)
	}
	var confirmed time.Time
	revoke := func() {
		end := func(ctx context.Context) error { return maker.Revoke(ctx, tokens[0]) }
		if round%2 == 0 {
			end = func(ctx context.Context) error { return maker.RevokeAll(ctx, s.UserID) }
		}
		if end(t.Context()) == nil {
			confirmed = time.Now()
		}
	}
	switch round % 3 {
	case 0:
		freezePID(t, server, pid)
		revoke()
	case 1:
		together(revoke, func() { server.Freeze(t) })
	case 2:
		revoke()
	}
	freezePID(t, server, pid)
	stopped := time.Now()
	if !confirmed.IsZero() {
		o.confirmed++
	}
	for _, p := range processes {
		r := p.await(t, func(r *report) bool { return r.Tried > stopped.Add(processStaleness).UnixNano() })
		o.add(r.judge(t, stopped, confirmed))
	}
	server.Thaw(t)
	eventually(t, func() bool { return maker.RevokeAll(t.Context(), s.UserID) == nil })
	over := time.Now().UnixNano()
	for _, p := range processes {
		r := p.await(t, func(r *report) bool { return r.Tried > over && r.Revoked.LastMissed > over && r.Lives.LastFound > over })
		if late := time.Duration(r.Revoked.LastFound - over); late > processStaleness {
			t.Errorf("let in %v after the revocation", late)
		}
		if r.Lives.LastMissed != 0 || r.Wrong != "" {
			t.Errorf("a session that lives was not found, or something else went wrong: %+v", r)
		}
	}
	return o
}

// judge checks what a process says of the time when Redis stood still.
func (r *report) judge(t *testing.T, stopped, confirmed time.Time) (o outcome) {
	t.Helper()
	for _, w := range []watched{r.Revoked, r.Lives} {
		if late := time.Duration(w.LastFound - stopped.UnixNano()); late > processStaleness {
			t.Errorf("let in from memory %v after Redis stood still", late)
		}
	}
	if o.afterStop = time.Duration(r.Revoked.LastFound - stopped.UnixNano()); o.afterStop > 0 {
		o.memory = 1
	}
	if !confirmed.IsZero() {
		if o.afterConfirmation = time.Duration(r.Revoked.LastFound - confirmed.UnixNano()); o.afterConfirmation > processStaleness {
			t.Errorf("let in %v after the revocation was confirmed", o.afterConfirmation)
		}
	}
	if r.Lives.LastMissed != 0 || r.Wrong != "" {
		t.Errorf("a session that lives was not found, or something else went wrong: %+v", r)
	}
	return o
}
