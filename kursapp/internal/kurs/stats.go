package kurs

import "github.com/speedlayer/speedlayer/cache"

// CacheStats returns what the users' cache has counted so far.
func (u *Users) CacheStats() cache.Stats { return u.cache.Stats() }
