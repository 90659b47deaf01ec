package kurs

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"
)

const (
	// maxNotes bounds the entries that wait to be written, and maxBatch those that are
	// written at once.
	maxNotes, maxBatch = 4096, 256
	// notesTimeout bounds one attempt to write, and notesPause is between two.
	notesTimeout, notesPause = 2 * time.Second, time.Second
	// sweepBatch is how many old entries go at once, and sweepInterval between two looks.
	sweepBatch    = 1000
	sweepInterval = time.Hour
	// Attempts beyond a limit cost next to nothing, so an entry for each would let anybody
	// fill the database, and push others out of the memory where they wait. One in
	// limitedInterval is written for each client and account, and maxLimited in all.
	limitedInterval = time.Minute
	maxLimited      = 1000
)

// AuditLog writes what belongs to no transaction: logins, logouts, what operators do. Nobody waits for it.
// Where the database is away, some entries wait; those beyond are counted in the log.
// Safe for concurrent use; nil writes nothing.
type AuditLog struct {
	store Store
	now   func() time.Time
	log   *slog.Logger

	mu     sync.Mutex
	notes  []AuditEntry
	lost   int
	closed bool
	// limited is whose AuditLoginLimited was written since limitedSince.
	limited      map[limitedNote]struct{}
	limitedSince time.Time
	wake         chan struct{}
	done         chan struct{}
	end          context.CancelFunc
}

// NewAuditLog returns an AuditLog and starts to write. Close ends it. now is the clock;
// default time.Now.
func NewAuditLog(store Store, now func() time.Time, logger *slog.Logger) *AuditLog {
	if now == nil {
		now = time.Now
	}
	ctx, end := context.WithCancel(context.Background())
	l := &AuditLog{
		store: store, now: now, log: loggerOrNone(logger),
		wake: make(chan struct{}, 1), done: make(chan struct{}), end: end,
	}
	go l.write(ctx)
	return l
}

// limitedNote is what entries of AuditLoginLimited have to differ in.
type limitedNote struct {
	client  string
	subject int64
}

// first reports whether such an entry has not been written lately. The lock is held.
func (l *AuditLog) first(e AuditEntry) bool {
	if l.limited == nil || e.At.Sub(l.limitedSince) >= limitedInterval || e.At.Before(l.limitedSince) {
		l.limited, l.limitedSince = map[limitedNote]struct{}{}, e.At
	}
	note := limitedNote{e.ClientAddress, e.Subject}
	if _, written := l.limited[note]; written || len(l.limited) >= maxLimited {
		return false
	}
	l.limited[note] = struct{}{}
	return true
}

// note has an entry written about subject, caused by the origin of ctx.
func (l *AuditLog) note(ctx context.Context, action AuditAction, subject int64) {
	l.noteWith(ctx, action, subject, nil)
}

// noteWith is note with a detail, which becomes the log's.
func (l *AuditLog) noteWith(ctx context.Context, action AuditAction, subject int64, detail map[string]any) {
	if l == nil {
		return
	}
	o, _ := OriginOf(ctx)
	e := o.entryOf(action, subject, l.now())
	if detail != nil {
		maps.Copy(detail, e.Detail)
		e.Detail = detail
	}
	l.mu.Lock()
	switch {
	case action == AuditLoginLimited && !l.first(e):
	case l.closed || len(l.notes) >= maxNotes:
		l.lost++
	default:
		l.notes = append(l.notes, e)
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default: // it will look
	}
}

// Close writes what waits, once, and ends the AuditLog.
func (l *AuditLog) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.end()
	<-l.done
}

func (l *AuditLog) write(ctx context.Context) {
	defer close(l.done)
	for {
		select {
		case <-l.wake:
		case <-ctx.Done():
			l.flush(context.WithoutCancel(ctx))
			return
		}
		for !l.flush(context.WithoutCancel(ctx)) {
			select {
			case <-time.After(notesPause):
			case <-ctx.Done():
				l.flush(context.WithoutCancel(ctx))
				return
			}
		}
	}
}

// flush writes everything that waits, and reports whether it could.
func (l *AuditLog) flush(ctx context.Context) bool {
	for {
		l.mu.Lock()
		batch, lost := l.notes[:min(len(l.notes), maxBatch)], l.lost
		l.mu.Unlock()
		if len(batch) == 0 {
			return true
		}
		bound, cancel := context.WithTimeout(ctx, notesTimeout)
		err := l.store.AddAudit(bound, batch...)
		cancel()
		if err != nil {
			l.log.WarnContext(ctx, "the audit log cannot be written", "waiting", len(batch), "lost", lost, "error", err)
			return false
		}
		l.mu.Lock()
		l.notes = append([]AuditEntry(nil), l.notes[len(batch):]...)
		l.lost -= lost
		l.mu.Unlock()
		if lost > 0 {
			l.log.WarnContext(ctx, "entries of the audit log were lost while it could not be written", "lost", lost)
		}
	}
}

// Sweep deletes entries older than keep, a batch at a time, now and every hour until
// ctx ends. Several processes may do so at once.
func (l *AuditLog) Sweep(ctx context.Context, keep time.Duration) {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		for {
			n, err := l.store.SweepAudit(ctx, l.now().Add(-keep), sweepBatch)
			if err != nil && ctx.Err() == nil {
				l.log.WarnContext(ctx, "old entries of the audit log could not be deleted", "error", err)
			}
			if err != nil || n < sweepBatch {
				break
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
