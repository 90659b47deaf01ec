package redisx

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// ErrNotConnected is in every error of a [Lazy] that has no usable connection.
// The error it comes with says why.
var ErrNotConnected = errors.New("redis is not connected")

// LazyOptions are the options of [Open].
type LazyOptions struct {
	// Verify checks the server at each connect and then at each ping: its version,
	// its configuration, whether it lost data. While its last answer is an error the
	// client stays unavailable. It must honour its context. Default: PING, in a
	// cluster to all nodes, of which one must answer.
	Verify func(context.Context, rueidis.Client) error
	// OnConnect is called when Redis becomes healthy, OnDown when it no longer is;
	// a first attempt that fails counts, and so does a change between "cannot be
	// asked" and "was rejected by Verify". Neither may block, call TryConnect or
	// Close. Default: nothing.
	OnConnect func()
	OnDown    func(error)
	// RetryInterval is the time between attempts while Redis is away. Default: 500 ms.
	RetryInterval time.Duration
	// PingInterval is the time between checks while Redis is well. Default: 1 s.
	PingInterval time.Duration
	// Timeout bounds one check. Default: 1 s.
	Timeout time.Duration
}

func ping(ctx context.Context, c rueidis.Client) error {
	if c.Mode() != rueidis.ClientModeCluster {
		return c.Do(ctx, c.B().Ping().Build()).Error()
	}
	// The context of a node's ping is not cancelled when another node was faster:
	// it may be dialing for commands of other callers too. Close ends it.
	timeout := time.Second
	if deadline, ok := ctx.Deadline(); ok {
		timeout = time.Until(deadline)
	}
	nodes := c.Nodes()
	answers := make(chan error, len(nodes))
	for _, node := range nodes {
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
			defer cancel()
			answers <- node.Do(ctx, node.B().Ping().Build()).Error()
		}()
	}
	err := error(rueidis.ErrNoAddr)
	for range nodes {
		select {
		case err = <-answers:
			if err == nil {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (o LazyOptions) withDefaults() LazyOptions {
	if o.Verify == nil {
		o.Verify = ping
	}
	if o.OnConnect == nil {
		o.OnConnect = func() {}
	}
	if o.OnDown == nil {
		o.OnDown = func(error) {}
	}
	if o.RetryInterval <= 0 {
		o.RetryInterval = 500 * time.Millisecond
	}
	if o.PingInterval <= 0 {
		o.PingInterval = time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	return o
}

// Lazy is a [rueidis.Client] that can be made while Redis is down and connects by
// itself: [Lazy.Run] does that and watches the connection, or [Lazy.TryConnect]
// once.
//
// Until a connection was verified, every call returns [ErrNotConnected] at once.
// After that, calls reach Redis as with any rueidis client. When Redis goes away,
// the underlying client stays in place: it reconnects by itself with the first
// command that follows, and in a cluster one dead node must not take the others
// away. Calls then fail with a refused connection at once, or against a frozen
// server at their deadline; a [Breaker] above spares them the wait. Only when
// Verify rejects a server that does answer are calls refused again.
//
// rueidis dials with the context of the caller who happens to come first, and when
// that one goes away all others that wait for the connection get
// [context.Canceled] although nobody cancelled them. Do and DoMulti send such
// commands again, which is safe for writes too: they never left.
//
// A command belongs to the builder it came from: build it with B right before it
// is sent. One that was built before the connection, and turns out to go to a
// cluster, is refused with [ErrNotConnected].
type Lazy struct {
	opt  rueidis.ClientOption
	lo   LazyOptions
	dead rueidis.Client

	state    atomic.Pointer[lazyState]
	inner    atomic.Pointer[innerClient] // set once, by the first dial that succeeds
	checking chan struct{}               // holds a token while a check runs
	done     chan struct{}               // closed by Close
	closing  sync.Once

	mu      sync.Mutex
	closed  bool
	dialing *dialing // the attempt under way, if any
}

var _ rueidis.Client = (*Lazy)(nil)

type lazyState struct {
	client  *innerClient // nil: calls are refused
	refused error        // what refused calls return
	err     error        // nil: healthy
	checked bool
}

type innerClient struct {
	rueidis.Client
	cluster bool
}

type dialing struct {
	done chan struct{}
	err  error
}

// Open returns a client at once, without any I/O. The caller runs [Lazy.Run] and
// calls [Lazy.Close] at the end.
func Open(opt rueidis.ClientOption, lo LazyOptions) *Lazy {
	l := &Lazy{
		opt: opt, lo: lo.withDefaults(),
		checking: make(chan struct{}, 1), done: make(chan struct{}),
	}
	l.state.Store(&lazyState{refused: ErrNotConnected, err: ErrNotConnected})
	l.dead = newDeadClient(func() error { return l.state.Load().refused })
	return l
}

// Run connects and then checks the connection, until the context is done or the
// client is closed; both are no error.
func (l *Lazy) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.done:
			return nil
		case <-timer.C:
		}
		began := time.Now()
		interval := l.lo.PingInterval
		if err := l.TryConnect(ctx); err != nil {
			interval = l.lo.RetryInterval
		}
		// From start to start: a slow check does not delay the next one.
		timer.Reset(max(0, interval-time.Since(began)))
	}
}

// TryConnect connects if that did not happen yet, and runs one check. An
// application calls it at start to say in its log whether Redis is there; an
// error is no reason to stop.
func (l *Lazy) TryConnect(ctx context.Context) error {
	select {
	case l.checking <- struct{}{}:
		defer func() { <-l.checking }()
	case <-ctx.Done():
		return fmt.Errorf("redisx: connect: %w", context.Cause(ctx))
	case <-l.done:
		return rueidis.ErrClosing
	}
	c, err := l.connect(ctx)
	if err == nil {
		err = l.verify(ctx, c)
	}
	if ctx.Err() != nil && err != nil {
		return fmt.Errorf("redisx: connect: %w", context.Cause(ctx)) // says nothing about Redis
	}
	l.report(c, err)
	return err
}

// connect returns the underlying client, dialing if there is none. rueidis cannot
// cancel a dial: one that outlasts the timeout goes on and is picked up by the
// next attempt.
func (l *Lazy) connect(ctx context.Context) (*innerClient, error) {
	if c := l.inner.Load(); c != nil {
		return c, nil
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil, rueidis.ErrClosing
	}
	d := l.dialing
	if d == nil {
		d = &dialing{done: make(chan struct{})}
		l.dialing = d
		go l.dial(d)
	}
	l.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, l.lo.Timeout)
	defer cancel()
	select {
	case <-d.done:
		return l.inner.Load(), d.err
	case <-ctx.Done():
		return nil, fmt.Errorf("redis does not answer: %w", ctx.Err())
	}
}

func (l *Lazy) dial(d *dialing) {
	c, err := rueidis.NewClient(l.opt)
	l.mu.Lock()
	defer l.mu.Unlock()
	defer close(d.done)
	l.dialing = nil
	if err != nil && c != nil {
		c.Close() // ForceSingleClient returns a client beside the error
	}
	if d.err = err; err != nil {
		return
	}
	l.inner.Store(&innerClient{Client: c, cluster: c.Mode() == rueidis.ClientModeCluster})
}

func (l *Lazy) verify(ctx context.Context, c *innerClient) error {
	ctx, cancel := context.WithTimeout(ctx, l.lo.Timeout)
	defer cancel()
	return l.lo.Verify(ctx, c.Client)
}

// report makes the outcome of a check the client's state. Checks do not overlap.
func (l *Lazy) report(c *innerClient, err error) {
	old := l.state.Load()
	next := &lazyState{err: err, checked: true}
	switch {
	case err == nil:
		next.client = c
	case Unavailable(err):
		next.client = old.client // published or not, as before
	}
	if err != nil {
		next.refused = fmt.Errorf("%w: %w", ErrNotConnected, err)
	}
	l.state.Store(next)
	switch {
	case err == nil && old.err != nil:
		l.lo.OnConnect()
	case err != nil && (old.err == nil || !old.checked || Unavailable(old.err) != Unavailable(err)):
		l.lo.OnDown(err)
	}
}

// Healthy reports whether the last check succeeded. With [Lazy.Run] running it
// turns false at most PingInterval + Timeout after Redis stopped answering.
func (l *Lazy) Healthy() bool { return l.state.Load().err == nil }

// Err is what the last check found, nil while Redis is healthy.
func (l *Lazy) Err() error { return l.state.Load().err }

// Close ends Run, closes the underlying client and waits for pending calls, as
// rueidis does. Calls that follow return [rueidis.ErrClosing]. A second call does
// nothing.
func (l *Lazy) Close() {
	l.closing.Do(func() {
		l.mu.Lock()
		l.closed = true
		d := l.dialing
		l.mu.Unlock()
		close(l.done)
		l.checking <- struct{}{} // waits for a running check, bounded by its timeouts
		if d != nil {
			<-d.done
		}
		l.state.Store(&lazyState{refused: rueidis.ErrClosing, err: rueidis.ErrClosing, checked: true})
		if c := l.inner.Load(); c != nil {
			c.Close()
		}
		l.dead.Close()
	})
}
