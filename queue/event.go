package queue

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// EventKind says what happened to a task.
type EventKind int

// The kinds of events.
const (
	// EventDone: the handler returned nil and the task is forgotten.
	EventDone EventKind = iota + 1
	// EventFailed: the run ended in an error; the task is tried again after Delay.
	EventFailed
	// EventPostponed: the handler put the task off for Delay.
	EventPostponed
	// EventDead: the task became a dead letter.
	EventDead
	// EventHandedBack: the worker stopped before the task was done.
	EventHandedBack
	// EventReaped: a worker vanished, and this one put its task back.
	EventReaped
	// EventLost: the run has ended, but the claim on the task was lost before that.
	// Somebody else has the task, or has done it.
	EventLost
	// EventHanging: the run takes longer than WorkerOptions.HangAfter, and goes on.
	EventHanging
)

var eventNames = [...]string{"unknown", "done", "failed", "postponed", "dead", "handed back", "reaped", "lost", "hanging"}

func (k EventKind) String() string {
	if k < 0 || int(k) >= len(eventNames) {
		k = 0
	}
	return eventNames[k]
}

// Event tells what happened to a task, once Redis knows it.
type Event struct {
	Kind    EventKind
	Queue   string
	TaskID  string
	Attempt int           // as in Task; 0 for EventReaped
	Crashes int           // as in Task
	Delay   time.Duration // until the next run, for EventFailed and EventPostponed
	Took    time.Duration // how long the handler ran; 0 for EventReaped
	Err     error         // what went wrong, if anything
}

var eventLevels = map[EventKind]slog.Level{
	EventDone:       slog.LevelDebug,
	EventFailed:     slog.LevelWarn,
	EventPostponed:  slog.LevelDebug,
	EventDead:       slog.LevelError,
	EventHandedBack: slog.LevelInfo,
	EventReaped:     slog.LevelWarn,
	EventLost:       slog.LevelWarn,
	EventHanging:    slog.LevelWarn,
}

// emit reports an event to the log and to the caller's function. Payloads never
// stand in the log.
func (w *Worker) emit(e Event) {
	e.Queue = w.q.name
	level := eventLevels[e.Kind]
	if w.o.Logger.Enabled(context.Background(), level) {
		attrs := []slog.Attr{slog.String("queue", e.Queue), slog.String("task", e.TaskID)}
		if e.Attempt > 0 {
			attrs = append(attrs, slog.Int("attempt", e.Attempt))
		}
		if e.Crashes > 0 {
			attrs = append(attrs, slog.Int("crashes", e.Crashes))
		}
		if e.Delay > 0 {
			attrs = append(attrs, slog.Duration("delay", e.Delay))
		}
		if e.Err != nil {
			attrs = append(attrs, slog.String("error", errorText(e.Err)))
		}
		w.o.Logger.LogAttrs(context.Background(), level, "task "+e.Kind.String(), attrs...)
	}
	if w.o.OnEvent != nil {
		w.o.OnEvent(e)
	}
}

// maxErrorText is how many bytes of an error are kept.
const maxErrorText = 1 << 10

// errorText is what of an error goes to Redis and to the log. It is never empty,
// and an error whose own method panics does no harm.
func errorText(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = "error whose text cannot be read"
		}
	}()
	text = strings.ToValidUTF8(err.Error(), "\uFFFD")
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	if text == "" {
		return "error without a text"
	}
	return text
}
