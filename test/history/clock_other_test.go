//go:build !linux

package history_test

import "time"

// now is nanoseconds on the wall clock, the only one that processes share
// everywhere. A step of it while a test runs can look like a violation.
func now() int64 { return time.Now().UnixNano() }
