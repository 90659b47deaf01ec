//go:build race

package session_test

const raceDetector = true // it allocates
