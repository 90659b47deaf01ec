package kurs

import "github.com/speedlayer/speedlayer/cache"

// CacheStats returns what each cache has counted so far: that of single users and
// that of pages.
func (u *Users) CacheStats() map[string]cache.Stats {
	return map[string]cache.Stats{"users": u.cache.Stats(), "pages": u.pages.Stats()}
}
