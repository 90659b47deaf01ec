package nearcache

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/rueidis"
)

// lanes are the connections that together hear of every change: one to a server, or
// one to each master of a Cluster. They live and end together.
type lanes struct {
	tracker *Tracker
	ctx     context.Context
	cancel  context.CancelFunc
	all     []*lane
	agreed  *agreed // of a Cluster, once all lanes agreed
	// ask is the heartbeat: an error unless what the lane has pushed is all there was.
	ask func(context.Context, *lane) error

	// Guarded by Tracker.mu.
	ready  bool
	broken bool
}

func (t *Tracker) newLanes() *lanes {
	g := &lanes{tracker: t}
	g.ctx, g.cancel = context.WithCancel(t.ctx)
	g.ask = t.askServer
	return g
}

// track keeps one set of lanes until one of them is lost, and reports whether they
// were ever ready.
func (t *Tracker) track() (began bool, err error) {
	g := t.newLanes()
	defer g.close()
	defer g.gap() // before close, which may take its time
	if t.client.Mode() == rueidis.ClientModeCluster {
		err = g.openCluster()
	} else {
		err = g.open(map[string]rueidis.Client{"": t.client})
	}
	if err != nil {
		return false, fmt.Errorf("nearcache: begin tracking: %w", err)
	}
	if err := g.begin(); err != nil {
		return false, err
	}
	t.announce(nil)
	return true, fmt.Errorf("nearcache: heartbeat: %w", g.run())
}

// open adds a lane for each of these, and sends a first heartbeat on every lane.
func (g *lanes) open(clients map[string]rueidis.Client) error {
	added := make(chan *lane, len(clients))
	errs := make(chan error, len(clients))
	for id, client := range clients {
		go func() {
			l := g.newLane(client, id)
			added <- l
			errs <- l.begin()
		}()
	}
	var err error
	for range clients {
		g.all = append(g.all, <-added)
		err = errors.Join(err, <-errs)
	}
	if err != nil {
		return err
	}
	return g.each((*lane).beat)
}

// each does something on all lanes at the same time.
func (g *lanes) each(do func(*lane) error) error {
	errs := make(chan error, len(g.all))
	for _, l := range g.all {
		go func() { errs <- do(l) }()
	}
	var err error
	for range g.all {
		err = errors.Join(err, <-errs)
	}
	return err
}

// begin makes what the first heartbeats found count. What was stored without
// tracking, and what is still on its way, is worth nothing.
func (g *lanes) begin() error {
	t := g.tracker
	t.forget()
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.broken {
		return errLost
	}
	g.ready = true
	t.until.Store(g.until())
	return nil
}

// run keeps the lanes until the first one fails; its error is the answer.
func (g *lanes) run() error {
	var first error
	var once sync.Once
	_ = g.each(func(l *lane) error {
		err := l.run()
		once.Do(func() {
			first = err
			g.gap()
			g.cancel()
		})
		return err
	})
	return first
}

// until is the least that any lane allows: a change may have come over the one that
// was heard of least recently.
func (g *lanes) until() int64 {
	least := g.all[0].until
	for _, l := range g.all[1:] {
		least = min(least, l.until)
	}
	return least
}

func (g *lanes) extend(l *lane, until int64) error {
	t := g.tracker
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.broken {
		return errLost
	}
	l.until = until
	if g.ready {
		t.until.Store(g.until())
	}
	return nil
}

// gap ends these lanes: nothing is fresh and everything dropped until others are
// ready. A flush looks the same as a lost connection and costs a reconnect.
func (g *lanes) gap() {
	t := g.tracker
	t.mu.Lock()
	again := g.broken
	g.broken = true
	if !again {
		t.until.Store(0)
	}
	t.mu.Unlock()
	if !again {
		t.forget()
	}
}

func (g *lanes) close() {
	g.cancel()
	_ = g.each(func(l *lane) error {
		l.close()
		return nil
	})
}

// pushed is called by rueidis with the keys that changed; nil means that Redis was
// flushed or the connection lost.
func (g *lanes) pushed(keys []rueidis.RedisMessage) {
	if keys == nil {
		g.gap()
		return
	}
	for i := range keys {
		if name, err := keys[i].ToString(); err == nil {
			g.tracker.changed(name)
		}
	}
}
