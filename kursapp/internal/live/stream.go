package live

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"
)

// What Subscribe fails with.
var (
	// ErrFull says that MaxStreams are open.
	ErrFull = errors.New("live: too many streams are open")
	// ErrStopped says that the monitor runs no more.
	ErrStopped = errors.New("live: stopped")
)

const (
	// MaxStreams is how many streams one monitor feeds.
	MaxStreams = 64
	// streamBuffer is how many frames a reader may be behind: some ten seconds.
	streamBuffer = 64
)

// Hello is the first frame of a stream. The samples are the oldest first.
type Hello struct {
	Now      int64      `json:"now"`
	Started  int64      `json:"started_at"`
	Version  string     `json:"version"`
	Mode     string     `json:"mode" enum:"demo,production"`
	Interval int64      `json:"interval_ms"`
	Samples  []Sample   `json:"samples" nullable:"false"`
	Events   []LogEvent `json:"events" nullable:"false"`
	Status   Status     `json:"status"`
	About    About      `json:"about"`
}

// About is what kursapp runs on.
type About struct {
	Database string `json:"database"`
	Redis    string `json:"redis"`
	CPUs     int    `json:"cpus"`
	Go       string `json:"go"`
}

// Gap tells a reader that was too slow how many frames it has not got.
type Gap struct {
	Lost uint64 `json:"lost"`
}

// End is the last frame of a stream that the server ends.
type End struct {
	Reason string `json:"reason" enum:"stop,session" doc:"The server stops, or who watches may no longer."`
}

// Stream is what one subscriber gets. All frames have the form of a server-sent event.
type Stream struct {
	m      *Monitor
	hello  []byte
	frames chan []byte
	lost   atomic.Uint64
	ctx    context.Context
	cancel context.CancelFunc
}

// Subscribe returns a stream, which must be closed. It never waits; the errors are ErrFull
// and ErrStopped.
func (m *Monitor) Subscribe() (*Stream, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.stopped:
		return nil, ErrStopped
	case len(m.streams) >= MaxStreams:
		return nil, ErrFull
	}
	pending, kept := m.events.join()
	m.sendBatch(pending) // to the others: it is in the hello
	s := &Stream{m: m, hello: frame("hello", m.seq, m.hello(kept)), frames: make(chan []byte, streamBuffer)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	m.streams[s] = struct{}{}
	return s, nil
}

// hello is built by hand around the samples, which are encoded already: they are most
// of it.
func (m *Monitor) hello(kept []LogEvent) []byte {
	h := Hello{
		Now: time.Now().UnixMilli(), Started: m.info.Started.UnixMilli(), Version: m.info.Version, Mode: m.info.Mode,
		Interval: Interval.Milliseconds(), Events: kept, Status: m.status,
		About: About{Database: m.info.Database, Redis: m.info.Redis, CPUs: runtime.NumCPU(), Go: goVersion()},
	}
	var b bytes.Buffer
	b.WriteString(`{"samples":[`)
	for i, s := range m.samples {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(s)
	}
	b.WriteString(`],`)
	// The rest without its samples, and without the brace that it begins with.
	rest := encode(struct {
		Hello
		Samples any `json:"samples,omitempty"`
	}{Hello: h})
	b.Write(rest[1:])
	return b.Bytes()
}

// frame is a server-sent event. What is for one stream alone has no id.
func frame(event string, id uint64, data []byte) []byte {
	b := make([]byte, 0, len(data)+len(event)+48)
	b = append(append(b, "event: "...), event...)
	if id > 0 {
		b = strconv.AppendUint(append(b, "\nid: "...), id, 10)
	}
	b = append(append(b, "\ndata: "...), data...)
	return append(b, "\n\n"...)
}

// send gives all subscribers a frame. One that has no room for it loses it. The caller
// holds mu.
func (m *Monitor) send(event string, data []byte) {
	m.seq++
	if len(m.streams) == 0 {
		return
	}
	f := frame(event, m.seq, data)
	for s := range m.streams {
		select {
		case s.frames <- f:
		default:
			s.lost.Add(1)
		}
	}
}

// sendEvents sends what happened, if anything did. The caller holds mu.
func (m *Monitor) sendEvents() {
	if len(m.streams) == 0 {
		return
	}
	m.sendBatch(m.events.take())
}

func (m *Monitor) sendBatch(b Batch) {
	if len(b.Events) == 0 && b.LeftOut == 0 {
		return
	}
	if b.Events == nil {
		b.Events = []LogEvent{}
	}
	m.send("events", encode(b))
}

// Stop ends all streams. Run does so in the end; it may be called more than once.
func (m *Monitor) Stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopped = true
	for s := range m.streams {
		s.cancel()
	}
}

// Context ends when the monitor has stopped: no more frames will come.
func (s *Stream) Context() context.Context { return s.ctx }

// Hello returns the first frame, once: it is large.
func (s *Stream) Hello() []byte {
	first := s.hello
	s.hello = nil
	return first
}

// Frames is where the others come from.
func (s *Stream) Frames() <-chan []byte { return s.frames }

// Lost returns a frame that tells what the reader has lost since it was last called, or
// nil.
func (s *Stream) Lost() []byte {
	if n := s.lost.Swap(0); n > 0 {
		return frame("gap", 0, encode(Gap{n}))
	}
	return nil
}

// EndFrame is the last frame, where the server ends a stream.
func EndFrame(reason string) []byte { return frame("end", 0, encode(End{reason})) }

// Close gives the place of a stream free. It may be called more than once.
func (s *Stream) Close() {
	s.cancel()
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	delete(s.m.streams, s)
	if len(s.m.streams) == 0 {
		s.m.events.watched.Store(false)
		s.m.events.take()
	}
}
