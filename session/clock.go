package session

import "time"

// now is the manager's clock: nanoseconds since it was made. It says how much time
// has passed, and never what time it is: that is Redis's to say.
func (m *Manager[U, D]) now() int64 {
	if m.local != nil {
		return m.local.tracker.Now()
	}
	return int64(time.Since(m.base))
}

func newBase() time.Time { return time.Now() }
