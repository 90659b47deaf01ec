package session

// Stats are counted since the manager was made.
type Stats struct {
	// LocalHits are the lookups that were answered from memory.
	LocalHits uint64
	// RedisLookups are those for which Redis was asked.
	RedisLookups uint64
	// LocalEntries are the sessions and epochs in memory now, LocalBytes what they
	// account for, and LocalEvictions those that had to make room.
	LocalEntries   int
	LocalBytes     int64
	LocalEvictions uint64
	// LocalReady tells that memory follows Redis now.
	LocalReady bool
}

// Stats returns what was counted.
func (m *Manager[U, D]) Stats() Stats {
	s := Stats{LocalHits: m.localHits.Load(), RedisLookups: m.redisLookups.Load()}
	if l := m.local; l != nil {
		s.LocalEntries, s.LocalBytes = l.store.Usage()
		s.LocalEvictions = l.store.Evictions()
		s.LocalReady = l.tracker.Fresh(l.tracker.Now())
	}
	return s
}
