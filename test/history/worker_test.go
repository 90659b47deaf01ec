package history_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/cache"
)

// leaseTTL is how long a dead worker's load may hold others up.
const leaseTTL = 6 * time.Second

// maxStaleness is the bound that the checker holds against local hits.
const maxStaleness = time.Second

// How many goroutines of a worker read and write, and how long they rest between
// two operations at most. So much can be judged in seconds, and the entries live
// long enough to become local.
const (
	readers   = 3
	writers   = 2
	readRest  = 4 * time.Millisecond
	watchRest = 20 * time.Millisecond // of who reads one burst key only
	writeRest = 60 * time.Millisecond
	burst     = 6                     // writes, with a rest of up to burstRest after each
	burstRest = 40 * time.Millisecond // long enough to load and to read again
	silence   = 3 * maxStaleness / 2  // at least, after a burst
)

// row is what is cached.
type row struct {
	ID      int   `json:"id"`
	Version int64 `json:"version"`
}

// worker is one of the processes whose reads and writes make the history.
type worker struct {
	settings
	db     *pgxpool.Pool
	caches [cachesPerWorker]*cache.Cache[int, row]
	// failed counts the unconfirmed invalidations of each cache.
	failed [cachesPerWorker]atomic.Int64
	gated  atomic.Bool

	mu   sync.Mutex // guards writing to conn
	conn net.Conn
}

// runWorker works until it is told to stop, or the test is gone.
func runWorker(encoded string) error {
	w := &worker{}
	if err := json.Unmarshal([]byte(encoded), &w.settings); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var err error
	if w.conn, err = new(net.Dialer).DialContext(ctx, "tcp", w.Control); err != nil {
		return err
	}
	defer w.conn.Close()
	if w.db, err = pgxpool.New(ctx, w.Database); err != nil {
		return err
	}
	defer w.db.Close()
	client, closeClient, err := connect(w.settings)
	if err != nil {
		return err
	}
	defer closeClient()
	for i := range w.caches {
		w.caches[i] = cache.New(client, w.Prefix, w.loader(i), w.options(i))
		defer w.caches[i].Close()
	}
	var commands sync.WaitGroup
	commands.Go(func() {
		defer stop()
		w.obey()
	})
	w.work(ctx)
	w.tell(event{Kind: kindStopped})
	commands.Wait()
	return nil
}

func (w *worker) options(which int) cache.Options {
	o := cache.Options{
		NegativeTTL:  time.Minute,
		LoadTimeout:  20 * time.Second, // never reached; the leases end long before
		LeaseTTL:     leaseTTL,
		LocalBytes:   -1,
		MaxStaleness: maxStaleness,
	}
	if which == local {
		o.LocalBytes = 1 << 20
	}
	if w.tagged() {
		o.Tags = func(key any) []string { return []string{tagOf(key.(int))} }
	}
	return o
}

// tagged says that every other write invalidates its row by tag. Where a bug is
// planted none does, because generations would cover up for a missing lease.
func (w *worker) tagged() bool { return w.Plant == "" }

// tagOf returns the tag of a row, which it shares with a few others. The quiet key has
// one of its own.
func tagOf(key int) string { return "group " + strconv.Itoa((key+2)/3) }

// obey follows commands until the one to stop, or until the test is gone.
func (w *worker) obey() {
	for d := json.NewDecoder(w.conn); ; {
		var c command
		if d.Decode(&c) != nil || c.Do == doStop {
			return
		}
		switch c.Do {
		case doGate:
			w.gated.Store(true)
		case doTouch:
			w.write(remote, quietKey)
		}
	}
}

// work reads and writes until ctx ends, and then waits until every invalidation
// is confirmed.
func (w *worker) work(ctx context.Context) {
	var busy, watching sync.WaitGroup
	for range readers {
		busy.Go(func() {
			for rest(ctx, readRest) {
				key := rand.IntN(keysOfRig)
				w.read(remote, key)
				w.read(local, key)
			}
		})
	}
	for key := firstBurstKey; key < firstHotKey; key++ {
		busy.Go(func() { // so that a question for it is often under way when it changes
			for rest(ctx, watchRest) {
				w.read(local, key)
			}
		})
	}
	for range writers {
		busy.Go(func() {
			for rest(ctx, writeRest) {
				w.write(w.pick())
			}
		})
	}
	busy.Go(func() {
		for rest(ctx, silence) && pause(ctx, silence) {
			for range burst {
				w.write(remote, firstBurstKey+w.Worker%owners)
				rest(ctx, burstRest)
			}
		}
	})
	done := make(chan struct{})
	for which := range w.caches {
		watching.Go(func() { w.watch(which, done) })
	}
	busy.Wait()
	close(done)
	watching.Wait()
}

// pick chooses what to write. Hot keys have an owner: other workers invalidate them
// through the remote cache, so that only a push can end their local entry.
func (w *worker) pick() (which, key int) {
	key = firstHotKey + rand.IntN(keysOfRig-firstHotKey)
	if key%owners != w.Worker%owners {
		return remote, key
	}
	return rand.IntN(cachesPerWorker), key
}

// rest waits for a random time up to limit and reports whether to go on.
func rest(ctx context.Context, limit time.Duration) bool { return pause(ctx, rand.N(limit)) }

// pause waits and reports whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// loader often rests before and after it reads: then what it brings is old.
func (w *worker) loader(which int) cache.Loader[int, row] {
	return func(ctx context.Context, id int) (row, error) {
		if rand.IntN(4) == 0 {
			rest(ctx, 2*time.Millisecond)
		}
		r := row{ID: id}
		err := w.db.QueryRow(ctx, `SELECT version FROM history_rows WHERE id = $1 AND NOT gone`, id).Scan(&r.Version)
		if which == remote && id == quietKey && w.gated.Load() {
			w.tell(event{Kind: kindGated, Cache: which, Key: id})
			<-ctx.Done()
		}
		if rand.IntN(2) == 0 {
			rest(ctx, 4*time.Millisecond)
		}
		if errors.Is(err, pgx.ErrNoRows) {
			return row{}, fmt.Errorf("row %d: %w", id, cache.ErrNotFound)
		}
		return r, err
	}
}

func (w *worker) read(which, key int) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	e := event{Kind: kindRead, Cache: which, Key: key, Start: now()}
	entry, err := w.caches[which].Lookup(ctx, key)
	e.End = now()
	e.Version = entry.Value.Version
	e.Source = entry.Source.String()
	e.Stored = entry.TTL > 0
	e.Unavailable = entry.Reason == cache.ReasonUnavailable
	switch {
	case errors.Is(err, cache.ErrNotFound):
		e.Gone = true
	case err != nil:
		e.Kind, e.Err = kindFailed, err.Error()
	case entry.Value.ID != key:
		e.Kind, e.Err = kindFailed, fmt.Sprintf("a read of key %d returned %+v", key, entry.Value)
	}
	w.tell(e)
}

func (w *worker) write(which, key int) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	e := event{Kind: kindWrite, Cache: which, Key: key, Start: now()}
	err := w.db.QueryRow(ctx, `
		UPDATE history_rows SET version = version + 1, gone = (version + 1) % $2 = 0
		WHERE id = $1 RETURNING version`, key, goneEvery).Scan(&e.Version)
	e.Written = now()
	if err == nil {
		err = w.invalidate(ctx, which, key, e.Version)
	}
	e.End = now()
	switch {
	case err == nil:
		e.Confirmed = true
	case errors.Is(err, cache.ErrUnconfirmed):
		w.failed[which].Add(1)
	default:
		e.Kind, e.Err = kindFailed, err.Error()
	}
	w.tell(e)
}

func (w *worker) invalidate(ctx context.Context, which, key int, version int64) error {
	if w.tagged() && version%2 == 0 {
		return w.caches[which].InvalidateTags(ctx, tagOf(key))
	}
	return w.caches[which].Invalidate(ctx, key)
}

// watch tells when the failed invalidations of a cache are settled, until done is
// closed and nothing is open any more.
func (w *worker) watch(which int, done <-chan struct{}) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	settled := int64(0)
	for {
		finished := false
		select {
		case <-done:
			finished = true
			<-tick.C
		case <-tick.C:
		}
		failed, start := w.failed[which].Load(), now()
		if failed > settled && w.caches[which].Stats().Pending == 0 {
			w.tell(event{Kind: kindSettled, Cache: which, Start: start, End: now()})
			settled = failed
		}
		if finished && failed == settled {
			return
		}
	}
}

// tell reports an event. A test that is gone takes this process with it.
func (w *worker) tell(e event) {
	e.Worker = w.Worker
	line, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = w.conn.Write(append(line, '\n'))
}
