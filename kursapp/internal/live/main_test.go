package live

import (
	"bytes"
	"encoding/json"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watch runs a monitor until the test ends.
func watch(t *testing.T, from Sources) *Monitor {
	t.Helper()
	m := New(Info{Version: "1.2.3", Mode: "demo"})
	m.Watch(from)
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Run(t.Context())
	}()
	t.Cleanup(func() { <-done })
	return m
}

// received is a frame, taken apart.
type received struct {
	event string
	data  []byte
}

func parse(t *testing.T, f []byte) received {
	t.Helper()
	var r received
	if !bytes.HasSuffix(f, []byte("\n\n")) {
		t.Fatalf("a frame has no end: %q", f)
	}
	for line := range bytes.Lines(f) {
		if name, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
			r.event = string(bytes.TrimSpace(name))
		}
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			r.data = data
		}
	}
	return r
}

func decode[T any](t *testing.T, data []byte) (v T) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

func subscribe(t *testing.T, m *Monitor) (*Stream, Hello) {
	t.Helper()
	s, err := m.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	r := parse(t, s.Hello())
	if r.event != "hello" {
		t.Fatalf("the first frame is %q", r.event)
	}
	return s, decode[Hello](t, r.data)
}

// next returns the next frame of a kind.
func next[T any](t *testing.T, s *Stream, event string) T {
	t.Helper()
	for {
		select {
		case f := <-s.Frames():
			if r := parse(t, f); r.event == event {
				return decode[T](t, r.data)
			}
		case <-s.Context().Done():
			t.Fatalf("the stream ended before a %s", event)
		}
	}
}
