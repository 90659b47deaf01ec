package ratelimit

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

func newGatherer(t *testing.T) *Limiter {
	t.Helper()
	l := New(redistest.Shared(t).Client(t), Options{Prefix: redistest.Prefix(t) + "rate:", RedisTimeout: 20 * time.Second})
	t.Cleanup(l.Close)
	return l
}

func (l *Limiter) testQuestion(subject string, cost int64, rules ...Rule) question {
	c := Charge{Subject: subject, Rules: rules, Cost: cost}
	return question{c, c.keys(l.o.Prefix)}
}

// Each charge of a batch is decided after those before it, as if it had come alone.
func TestChargesOfOneScriptAreDecidedInTurn(t *testing.T) {
	t.Parallel()
	for _, a := range []Algorithm{FixedWindow, SlidingWindow, GCRA} {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			l := newGatherer(t)
			two := Rule{Name: "two", Limit: 2, Window: MaxWindow, Algorithm: a}
			five := Rule{Name: "five", Limit: 5, Window: MaxWindow, Algorithm: a}
			answers, err := l.exchange(t.Context(), "id",
				l.testQuestion("s", 1, two), l.testQuestion("s", 2, two), l.testQuestion("s", 1, two),
				l.testQuestion("s", 1, two), l.testQuestion("other", 2, two), l.testQuestion("s", 5, five),
				l.testQuestion("s", 1, five))
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []struct {
				allowed   bool
				remaining int64
			}{{true, 1}, {false, 1}, {true, 0}, {false, 0}, {true, 0}, {true, 0}, {false, 0}} {
				if got := answers[i]; got.allowed != want.allowed || got.states[0].remaining != want.remaining {
					t.Errorf("charge %d: %+v, want %+v", i, got, want)
				}
			}
		})
	}
}

// Charges under several rules share a script with others, of other numbers of rules.
func TestMixedChargesOfOneScript(t *testing.T) {
	t.Parallel()
	l := newGatherer(t)
	rules := []Rule{
		{Name: "f", Limit: 2, Window: MaxWindow},
		{Name: "s", Limit: 3, Window: MaxWindow, Algorithm: SlidingWindow},
		{Name: "g", Limit: 4, Window: MaxWindow, Algorithm: GCRA},
	}
	answers, err := l.exchange(t.Context(), "id",
		l.testQuestion("s", 2, rules...), l.testQuestion("s", 1, rules[1], rules[0]), l.testQuestion("s", 1, rules[1], rules[2]))
	if err != nil {
		t.Fatal(err)
	}
	if !answers[0].allowed || answers[1].allowed || !answers[2].allowed {
		t.Errorf("%+v", answers)
	}
	if s := answers[2].states; s[0].remaining != 0 || s[1].remaining != 1 {
		t.Errorf("%+v: the denial was charged", s)
	}
}

// join makes the test the first caller of a batch, and n takes its others.
func joinBatch(t *testing.T, l *Limiter, q question, n int, take func(i int)) *batch {
	t.Helper()
	g := &l.gathers[q.kind()]
	b, at := g.join(q)
	if at != 0 {
		t.Fatal("not the first one")
	}
	for i := range n {
		go take(i)
	}
	for joined := 0; joined < n+1; runtime.Gosched() {
		g.mu.Lock()
		joined = len(b.asked)
		g.mu.Unlock()
	}
	return b
}

func TestACallerWhoLeavesTakesNobodyWithIt(t *testing.T) {
	t.Parallel()
	l := newGatherer(t)
	r := Rule{Name: "r", Limit: 9, Window: time.Hour}
	ctx, cancel := context.WithCancel(t.Context())
	left, stayed := make(chan error, 1), make(chan error, 1)
	b := joinBatch(t, l, l.testQuestion("first", 1, r), 2, func(i int) {
		if i == 0 {
			_, err := l.Take(ctx, "left", r)
			left <- err
			return
		}
		res, err := l.Take(context.Background(), "stayed", r)
		if !res.Allowed || res.Degraded {
			err = errors.Join(err, errors.New("not admitted"))
		}
		stayed <- err
	})
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if l.gathers[onlyFixed].seal(b) {
		t.Fatal("alone")
	}
	l.send(t.Context(), b)
	if err := <-stayed; err != nil {
		t.Error(err)
	}
	if a, err := b.answer(0); err != nil || !a.allowed {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestNobodyJoinsASealedOrFullBatch(t *testing.T) {
	t.Parallel()
	l := newGatherer(t)
	q := l.testQuestion("s", 1, Rule{Name: "r", Limit: 9, Window: time.Hour})
	var g gather
	first, _ := g.join(q)
	g.seal(first)
	second, at := g.join(q)
	if second == first || at != 0 {
		t.Error("joined a sealed batch")
	}
	for range batchCharges - 1 {
		g.join(q)
	}
	if third, at := g.join(q); third == second || at != 0 || len(second.asked) != batchCharges {
		t.Error("joined a full batch")
	}
}

// Without Redis each caller of a batch gets what its own rule says.
func TestABatchWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := New(server.Client(t), Options{RedisTimeout: 5 * time.Second, ProbeInterval: time.Hour})
	t.Cleanup(l.Close)
	open := Rule{Name: "open", Limit: 1, Window: time.Hour, WithoutRedis: FailOpen}
	closed := Rule{Name: "closed", Limit: 1, Window: time.Hour, WithoutRedis: FailClosed}
	type outcome struct {
		res Result
		err error
	}
	outcomes := [2]chan outcome{make(chan outcome, 1), make(chan outcome, 1)}
	b := joinBatch(t, l, l.testQuestion("s", 1, open), 2, func(i int) {
		res, err := l.Take(context.Background(), "s"+strconv.Itoa(i), []Rule{open, closed}[i])
		outcomes[i] <- outcome{res, err}
	})
	l.gathers[onlyFixed].seal(b)
	server.Kill(t)
	l.send(t.Context(), b)
	if o := <-outcomes[0]; o.err != nil || !o.res.Allowed || !o.res.Degraded {
		t.Errorf("open: %+v", o)
	}
	if o := <-outcomes[1]; !errors.Is(o.err, ErrUnavailable) || o.res.Allowed {
		t.Errorf("closed: %+v", o)
	}
}
