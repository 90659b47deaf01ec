package cache

import (
	"crypto/sha1"
	"encoding/hex"
)

// BreakLeases makes fills ignore leases, to show that the tests notice.
func (c *Cache[K, V]) BreakLeases() { c.leaseless = true }

// LimitUnconfirmed sets how many unconfirmed keys are remembered one by one.
func (c *Cache[K, V]) LimitUnconfirmed(n int) { c.unconfirmed.limit = n }

// Waiting returns how many callers wait for the flight of key that accepts callers.
func (c *Cache[K, V]) Waiting(key K) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[c.name(key)]; f != nil {
		return f.waiting
	}
	return 0
}

// LeaseKey returns where the lease of a key in Redis lies.
func LeaseKey(name string) string { return leaseKey(name) }

// Missing is missing for the members that V must have.
func Missing[V any](raw []byte) (string, bool) { return missing(raw, requiredMembers[V]()) }

// Members returns the member names of a JSON object, with their quotes.
func Members(raw []byte) []string {
	var names []string
	for name := range members(raw) {
		names = append(names, string(name))
	}
	return names
}

// ScriptName returns "acquire", "fill", "release" or "generations" for a command that runs one of
// these scripts, else the name of the command.
func ScriptName(command []string) string {
	if command[0] == "EVALSHA" || command[0] == "EVAL" {
		for name, source := range map[string]string{"acquire": acquireSource, "fill": fillSource, "release": releaseSource, "generations": generationsSource} {
			sum := sha1.Sum([]byte(source))
			if command[1] == source || command[1] == hex.EncodeToString(sum[:]) {
				return name
			}
		}
	}
	return command[0]
}
