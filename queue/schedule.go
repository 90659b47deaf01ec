package queue

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Ticker says when a schedule comes next. Every is one; so are the schedules of the
// packages that parse cron expressions, as robfig/cron's.
type Ticker interface {
	// Next returns the first tick after t, which is in UTC. The zero time means never
	// again. All workers must find the same ticks, to the millisecond.
	Next(t time.Time) time.Time
}

// Every ticks at the multiples of this duration since the zero time, in UTC: Every(24
// * time.Hour) ticks at midnight. Less than a second counts as a second.
type Every time.Duration

// Next returns the first multiple after t.
func (e Every) Next(t time.Time) time.Time {
	d := max(time.Duration(e), time.Second)
	return t.Truncate(d).Add(d)
}

// Schedule is a task that comes again and again, without a leader: every worker
// tries to add it at each tick, and Redis takes the first. Its id is its name and the
// tick. A tick at which no worker runs is left out, also before the first one starts. Of
// the ticks that a worker could not add in time, because Redis was away or the process
// stood still, it makes up for the last.
type Schedule struct {
	// Name tells the schedule from the others of its queue.
	Name string
	// Every says when.
	Every Ticker
	// Task is what is added. Its ID, Delay, At and Unique are not used.
	Task NewTask
}

func (w *Worker) checkSchedules() error {
	names := map[string]bool{}
	for _, s := range w.o.Schedules {
		if s.Name == "" || names[s.Name] || s.Every == nil {
			return fmt.Errorf("queue: schedule %q: %w", s.Name, errScheduleName)
		}
		names[s.Name] = true
		if len(s.Name) > maxName {
			return fmt.Errorf("queue: schedule %.20q…: %w: longer than %d bytes", s.Name, errScheduleName, maxName)
		}
		if _, err := w.q.entry(s.Task); err != nil {
			return fmt.Errorf("queue: schedule %q: %w", s.Name, err)
		}
	}
	return nil
}

// tick adds a schedule's task at each of its ticks until ctx ends. The clock is that
// of Redis: workers whose clocks differ find the same ticks.
func (s *shift) tick(ctx context.Context, schedule Schedule) {
	var pause backoff
	last, err := s.redisTime(ctx)
	for ctx.Err() == nil {
		if err != nil {
			sleep(ctx, pause.next())
			if last.IsZero() {
				last, err = s.redisTime(ctx)
				continue
			}
		}
		tick := schedule.Every.Next(last)
		if tick.IsZero() {
			return
		}
		if !tick.After(last) {
			s.w.o.Logger.Error("a schedule stands still and is given up", "queue", s.w.q.name, "schedule", schedule.Name)
			return
		}
		var now time.Time
		if now, err = s.redisTime(ctx); err != nil {
			continue
		}
		if wait := tick.Sub(now); wait > 0 {
			// Not in one go: this machine may sleep, or its clock be slow.
			sleep(ctx, min(wait, time.Minute))
			continue
		}
		if next := schedule.Every.Next(tick); !next.IsZero() && !next.After(now) {
			last = latest(schedule.Every, tick, now) // this worker stood still: only the last tick counts
			tick = last
		}
		if err = s.addTick(ctx, schedule, tick); err == nil {
			last = tick
			pause.reset()
		}
	}
}

// latest returns the last tick up to now, beginning with tick.
func latest(every Ticker, tick, now time.Time) time.Time {
	for range 1_000_000 {
		next := every.Next(tick)
		if next.IsZero() || next.After(now) {
			return tick
		}
		tick = next
	}
	return tick
}

func (s *shift) addTick(ctx context.Context, schedule Schedule, tick time.Time) error {
	q := s.w.q
	raw, err := q.encode(schedule.Task.Payload)
	if err != nil {
		return err // it was valid when the worker started
	}
	t := schedule.Task
	t.Unique = ""
	ms := strconv.FormatInt(tick.UnixMilli(), 10)
	id := schedule.Name + "@" + tick.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
	args := append([]string{schedule.Name, ms}, t.fields(id, raw)...)
	if err := q.exec(ctx, tickScript, args...).Error(); err != nil {
		return fmt.Errorf("queue: schedule %q: %w", schedule.Name, err)
	}
	return nil
}

// redisTime asks the server that holds the queue for its clock. In UTC, because a
// Ticker may look at the zone, and workers may run in different ones.
func (s *shift) redisTime(ctx context.Context) (time.Time, error) {
	ms, err := s.w.q.exec(ctx, clockScript).AsInt64()
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(ms).UTC(), nil
}
