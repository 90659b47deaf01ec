package outboxpgx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// channel is where writers send a NOTIFY.
	channel = "speedlayer_outbox"
	// busyFor is how long after taking rows a relay counts as at work.
	busyFor = 100 * time.Millisecond
	// reconnectAfter is the pause after a LISTEN that failed.
	reconnectAfter = 5 * time.Second
	connectTimeout = time.Second
	clearTimeout   = 500 * time.Millisecond
)

// Writers read the flag from a sequence, which no transaction holds back. A failed
// one may leave it cleared while somebody sleeps, until he looks next.
const (
	flagged   = `(pg_sequence_last_value('speedlayer.outbox_asleep') IS NOT NULL)`
	setFlag   = `setval('speedlayer.outbox_asleep', ceil(extract(epoch FROM asleep_until))::bigint)`
	clearFlag = `CASE WHEN ` + flagged + ` THEN setval('speedlayer.outbox_asleep', 1, false) END`
)

// Wait implements [outbox.Source].
//
// It listens on a connection of its own, tells writers that somebody sleeps, and
// looks once more, since a writer may have committed before it was told. Where it
// cannot listen it only lets the time pass, and says why once every few seconds.
func (s *Source) Wait(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := time.Now()
	err := s.listen(ctx)
	if err == nil && s.listener != nil {
		if err = s.doze(ctx, d); err != nil {
			s.disconnect()
		}
	}
	if s.listener == nil || err != nil {
		timer := time.NewTimer(d - time.Since(start))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return err
}

// bounded is the context of everything but the nap itself. The end of ctx must not
// reach it: a statement that is cut off costs the connection, and relays are woken
// all the time.
func bounded(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), d)
}

// listen connects, unless it failed to do so a moment ago.
func (s *Source) listen(ctx context.Context) error {
	if s.o.PollOnly || s.listener != nil && !s.listener.IsClosed() || time.Now().Before(s.reconnect) {
		return nil
	}
	s.disconnect()
	ctx, cancel := bounded(ctx, connectTimeout)
	defer cancel()
	conn, err := s.connect(ctx)
	if err == nil {
		if _, err = conn.Exec(ctx, `SET jit = off; SET enable_seqscan = off; SET enable_sort = off;
		SET enable_bitmapscan = off; LISTEN `+channel); err == nil {
			s.listener = conn
			return nil
		}
		closeConn(conn)
	}
	s.reconnect = time.Now().Add(reconnectAfter)
	return fmt.Errorf("outboxpgx: listen: %w", err)
}

func (s *Source) connect(ctx context.Context) (*pgx.Conn, error) {
	pool := s.pool.Config()
	config := s.o.Listen
	if config == nil {
		config = pool.ConnConfig
		if pool.BeforeConnect != nil {
			if err := pool.BeforeConnect(ctx, config); err != nil {
				return nil, err
			}
		}
	}
	config = config.Copy()
	config.OnNotification = nil // else pgx would not keep them for us
	return pgx.ConnectConfig(ctx, config)
}

func (s *Source) disconnect() {
	if s.listener != nil {
		closeConn(s.listener)
		s.listener = nil
	}
}

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), clearTimeout)
	defer cancel()
	_ = conn.Close(ctx)
}

// doze waits for a notification.
func (s *Source) doze(ctx context.Context, d time.Duration) error {
	drain(s.listener)
	if !s.standby.Load() {
		limit, err := s.prepare(ctx)
		if err != nil || limit <= 0 {
			return err
		}
		d = min(d, limit)
	}
	nap, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_, err := s.listener.WaitForNotification(nap)
	switch {
	case err == nil, ctx.Err() != nil && !s.standby.Load():
		return s.wakeUp(ctx)
	case nap.Err() != nil && !s.listener.IsClosed(): // the flag stays for the next nap
		return nil
	default:
		return fmt.Errorf("outboxpgx: wait for a notification: %w", err)
	}
}

// prepare falls asleep and returns how long the nap may be, 0 if there is work.
func (s *Source) prepare(ctx context.Context) (time.Duration, error) {
	ctx, cancel := bounded(ctx, connectTimeout)
	defer cancel()
	if err := s.fallAsleep(ctx); err != nil {
		return 0, err
	}
	return s.nextDue(ctx)
}

// fallAsleep tells writers to send a NOTIFY, unless another relay took rows just
// now: it will do so itself when it has nothing to do. It says so for some seconds
// only, so that a relay that is killed in its sleep makes writers pay no longer than
// that.
func (s *Source) fallAsleep(ctx context.Context) error {
	_, err := s.listener.Exec(ctx, `
		UPDATE speedlayer.outbox_relay SET asleep_until = clock_timestamp() + interval '10 seconds'
		WHERE (asleep_until IS NULL OR asleep_until < clock_timestamp() + interval '5 seconds' OR NOT `+flagged+`)
		AND (taken_at IS NULL OR taken_at = $2 OR taken_at < clock_timestamp() - $1::interval)
		RETURNING `+setFlag, busyFor, s.took.Load())
	if err != nil {
		return fmt.Errorf("outboxpgx: fall asleep: %w", err)
	}
	return nil
}

// nextDue returns how long it is until the next row may be taken.
func (s *Source) nextDue(ctx context.Context) (time.Duration, error) {
	var seconds float64
	err := s.listener.QueryRow(ctx, `
		SELECT extract(epoch FROM greatest(due, 'epoch'::timestamptz) - clock_timestamp())::float8
		FROM speedlayer.outbox WHERE delivered_at IS NULL AND due < 'infinity' ORDER BY due, id LIMIT 1 FOR UPDATE SKIP LOCKED`).Scan(&seconds)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Hour, nil
	}
	if err != nil {
		return 0, fmt.Errorf("outboxpgx: look before sleep: %w", err)
	}
	if seconds <= 0 {
		return 0, nil
	}
	return time.Duration(seconds*float64(time.Second)) + time.Millisecond, nil // not just before
}

// wakeUp tells writers that nobody sleeps, for all relays: those that still do are
// not needed now, and tell otherwise at their next look.
func (s *Source) wakeUp(ctx context.Context) error {
	ctx, cancel := bounded(ctx, clearTimeout)
	defer cancel()
	_, err := s.listener.Exec(ctx, `UPDATE speedlayer.outbox_relay SET asleep_until = NULL
		WHERE asleep_until IS NOT NULL RETURNING `+clearFlag)
	if err != nil {
		return fmt.Errorf("outboxpgx: wake up: %w", err)
	}
	drain(s.listener)
	return nil
}

// drain forgets notifications that came in while nobody waited.
func drain(conn *pgx.Conn) {
	done, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		if _, err := conn.WaitForNotification(done); err != nil {
			return
		}
	}
}
