package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite/dbsqlc"
	"github.com/speedlayer/speedlayer/outbox"
)

const (
	// retention is how long a delivered row can be repeated.
	retention = time.Minute
	// sweepRows is how many rows go at once: writers wait meanwhile.
	sweepRows = 5000
	// changePoll is how often the file is looked at. It costs a few microseconds.
	changePoll = 20 * time.Millisecond
	// A row that was refused is tried again after pauses between these; where Redis
	// is not what is wrong, up to lastHopeless.
	firstPause, lastPause, lastHopeless = 2 * time.Millisecond, 500 * time.Millisecond, 10 * time.Second
)

// Outbox is the file's outbox.Source.
//
// A claim is held in memory alone, because no other kursapp can have the file open:
// a transaction that stayed open while Redis is asked would keep all writers waiting.
// Programs such as the sqlite3 shell write rows and take none.
//
// It has a connection of its own, whose PRAGMA data_version changes when anybody else
// commits, other programs included, and not when the outbox itself does.
type Outbox struct {
	db     *sql.DB // one connection
	taking sync.Mutex
	// seen is the version from before the last look at the rows.
	seen atomic.Int64
	// repeats counts the changes of Redis's identity.
	repeats atomic.Int64
	wake    chan struct{}
}

var _ outbox.Source = (*Outbox)(nil)

func openOutbox(path string) (*Outbox, error) {
	db, err := open(path, url.Values{})
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &Outbox{db: db, wake: make(chan struct{}, 1)}, nil
}

// Wake ends a Wait, the present one or the next.
func (o *Outbox) Wake() {
	select {
	case o.wake <- struct{}{}:
	default: // it will wake up already
	}
}

// Outbox returns the source of what Redis has to learn. It ends with the Store.
func (s *Store) Outbox() outbox.Source { return s.outbox }

// Take implements outbox.Source. Where another call is at work, it returns at once.
func (o *Outbox) Take(ctx context.Context, limit int, deliver func(context.Context, []outbox.Row) []error) (taken, delivered int, err error) {
	if !o.taking.TryLock() {
		return 0, 0, nil
	}
	defer o.taking.Unlock()
	repeats := o.repeats.Load()
	rows, err := o.waiting(ctx, limit)
	if err != nil || len(rows) == 0 {
		return 0, 0, wrapOutbox("take", err)
	}
	var a answers
	for i, err := range deliver(ctx, rows) {
		switch {
		case err == nil:
			a.done = append(a.done, rows[i].ID)
		case errors.Is(err, outbox.ErrRefused):
			a.hopeless = append(a.hopeless, rows[i].ID)
		default:
			a.failed = append(a.failed, rows[i].ID)
		}
	}
	// What Redis confirmed is not to be repeated because ctx has just ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := o.mark(ctx, a, repeats); err != nil {
		return len(rows), 0, wrapOutbox("mark", err)
	}
	return len(rows), len(a.done), nil
}

// answers are the ids of rows by what the sink said.
type answers struct{ done, failed, hopeless []int64 }

// errRepeat ends a Take whose rows may have gone to a Redis that has lost them.
var errRepeat = errors.New("the data of Redis changed meanwhile; the rows wait again")

func (o *Outbox) waiting(ctx context.Context, limit int) ([]outbox.Row, error) {
	version, err := o.version(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	found, err := dbsqlc.New(o.db).WaitingRows(ctx, dbsqlc.WaitingRowsParams{Now: now.UnixMicro(), MaxRows: int64(max(limit, 0))})
	if err != nil {
		return nil, err
	}
	o.seen.Store(version)
	rows := make([]outbox.Row, len(found))
	for i, r := range found {
		created := time.UnixMicro(r.CreatedAt).UTC()
		rows[i] = outbox.Row{
			ID: r.ID, Kind: outbox.Kind(r.Kind), Target: r.Target, Key: r.Key, Payload: json.RawMessage(r.Payload),
			Durable: r.Durable != 0, CreatedAt: created, Waited: max(1, now.Sub(created)), Repeated: r.Repeated != 0,
		}
	}
	return rows, nil
}

func (o *Outbox) mark(ctx context.Context, a answers, repeats int64) error {
	return o.write(ctx, func(q *dbsqlc.Queries) error {
		if o.repeats.Load() != repeats { // changes with the write lock held
			return errRepeat
		}
		now := time.Now().UnixMicro()
		if len(a.done) > 0 {
			at := sql.NullInt64{Int64: now, Valid: true}
			if _, err := q.MarkDelivered(ctx, dbsqlc.MarkDeliveredParams{Now: at, Ids: a.done}); err != nil {
				return err
			}
		}
		for longest, ids := range map[time.Duration][]int64{lastPause: a.failed, lastHopeless: a.hopeless} {
			if len(ids) == 0 {
				continue
			}
			if _, err := q.MarkRefused(ctx, dbsqlc.MarkRefusedParams{
				Now: now, First: firstPause.Microseconds(), Longest: longest.Microseconds(), Ids: ids,
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Wait implements outbox.Source. It returns when anybody but the outbox itself has
// committed since the rows were last looked at.
func (o *Outbox) Wait(ctx context.Context, d time.Duration) error {
	due, err := dbsqlc.New(o.db).NextDue(ctx)
	if err != nil {
		return wrapOutbox("wait", err)
	}
	if due > 0 {
		d = min(d, time.Until(time.UnixMicro(due)))
	}
	end := time.NewTimer(d)
	defer end.Stop()
	tick := time.NewTicker(changePoll)
	defer tick.Stop()
	for {
		version, err := o.version(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && version != o.seen.Load() {
			select {
			case <-o.wake: // for the same change; a later one shows in the version
			default:
			}
			return nil
		}
		select {
		case <-tick.C:
		case <-o.wake:
			return nil
		case <-end.C:
			return wrapOutbox("wait", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (o *Outbox) version(ctx context.Context) (version int64, err error) {
	err = o.db.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version)
	return version, err
}

// Repeat implements outbox.Source.
func (o *Outbox) Repeat(ctx context.Context, identity string) (repeated int, err error) {
	err = o.write(ctx, func(q *dbsqlc.Queries) error {
		known, err := q.Identity(ctx)
		if err != nil && !errors.Is(err, sql.ErrNoRows) || err == nil && known == identity {
			return err
		}
		n, err := q.RepeatDelivered(ctx, before(retention))
		if err != nil {
			return err
		}
		repeated = int(n)
		o.repeats.Add(1)
		return q.SetIdentity(ctx, identity)
	})
	return repeated, wrapOutbox("repeat", err)
}

// Complete implements outbox.Source.
func (o *Outbox) Complete(ctx context.Context, ids ...int64) error {
	for len(ids) > 0 {
		n := min(len(ids), 1000) // SQLite bounds the number of parameters
		if err := dbsqlc.New(o.db).CompleteTasks(ctx, ids[:n]); err != nil {
			return wrapOutbox("complete", err)
		}
		ids = ids[n:]
	}
	return nil
}

// Sweep implements outbox.Source.
func (o *Outbox) Sweep(ctx context.Context) (int, error) {
	q := dbsqlc.New(o.db)
	again, err := q.RepeatOverdue(ctx, dbsqlc.RepeatOverdueParams{Before: before(retention), MaxRows: sweepRows})
	if err != nil {
		return 0, wrapOutbox("sweep", err)
	}
	gone, err := q.SweepDelivered(ctx, dbsqlc.SweepDeliveredParams{Before: before(retention), MaxRows: sweepRows})
	return int(again + gone), wrapOutbox("sweep", err)
}

func before(d time.Duration) sql.NullInt64 {
	return sql.NullInt64{Int64: time.Now().Add(-d).UnixMicro(), Valid: true}
}

// Backlog implements outbox.Source.
func (o *Outbox) Backlog(ctx context.Context) (rows int, oldest time.Duration, err error) {
	b, err := dbsqlc.New(o.db).Backlog(ctx)
	if err != nil || b.RowsWaiting == 0 {
		return 0, 0, wrapOutbox("backlog", err)
	}
	return int(b.RowsWaiting), max(0, time.Since(time.UnixMicro(b.Oldest))), nil
}

func (o *Outbox) write(ctx context.Context, f func(*dbsqlc.Queries) error) error {
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := f(dbsqlc.New(tx)); err != nil {
		return err
	}
	return tx.Commit()
}

// wrapOutbox says what failed. The outbox is no part of kurs.Store, and has no codes.
func wrapOutbox(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sqlite: outbox: %s: %w", op, err)
}

// addTasks puts tasks into the outbox, in the transaction of q.
func addTasks(ctx context.Context, q *dbsqlc.Queries, tasks []outbox.Task) error {
	for _, t := range tasks {
		payload, err := json.Marshal(t.Payload)
		if err != nil {
			return fmt.Errorf("encode the task for %s: %w", t.Queue, err)
		}
		row := dbsqlc.AddTaskParams{Target: t.Queue, Key: t.Type, Payload: string(payload)}
		if t.Durable {
			row.Durable = 1
		}
		if err := q.AddTask(ctx, row); err != nil {
			return fmt.Errorf("add the task for %s: %w", t.Queue, err)
		}
	}
	return nil
}
