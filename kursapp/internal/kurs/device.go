package kurs

import "strings"

// maxUserAgent bounds, in bytes, what is remembered of a browser's name.
const maxUserAgent = 256

// device is where a login came from, for its owner to recognise it.
type device struct{ userAgent, address string }

func newDevice(userAgent, clientPrefix string) device {
	return device{cleanUserAgent(userAgent), clientPrefix}
}

// cleanUserAgent makes what a client sends fit to be stored and shown.
func cleanUserAgent(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxUserAgent)], "")
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, s)
}
