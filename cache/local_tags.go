package cache

import (
	"hash/maphash"
	"sync/atomic"
	"unsafe"
)

// tagStripes counts the changes of tags, several tags to a counter: what is kept in
// memory with a tag counts as absent when another tag of its stripe changed, which
// costs a question to Redis. So it needs no list of what has which tag, and no
// memory for tags that nobody uses any more.
type tagStripes struct {
	seed    maphash.Seed
	changes [256]atomic.Uint64
}

// tagSeen is how often a tag's stripe had changed when it was looked at.
type tagSeen struct {
	stripe  uint8
	changes uint64
}

const tagSeenBytes = int64(unsafe.Sizeof(tagSeen{}))

func (s *tagStripes) stripe(tag string) uint8 {
	return uint8(maphash.String(s.seed, tag) & 255)
}

// see is called before the question to Redis is sent: a push may overtake the answer.
func (s *tagStripes) see(tags []string) []tagSeen {
	if len(tags) == 0 {
		return nil
	}
	seen := make([]tagSeen, len(tags))
	for i, tag := range tags {
		stripe := s.stripe(tag)
		seen[i] = tagSeen{stripe, s.changes[stripe].Load()}
	}
	return seen
}

func (s *tagStripes) change(tag string) { s.changes[s.stripe(tag)].Add(1) }

func (s *tagStripes) unchanged(seen []tagSeen) bool {
	for _, t := range seen {
		if s.changes[t.stripe].Load() != t.changes {
			return false
		}
	}
	return true
}
