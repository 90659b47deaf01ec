package work

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Source stands for the database: it is asked where a cache does not know, counts
// how often, and says what a right answer is. The zero value knows every id.
type Source struct {
	// Delay is how long a load takes, as a query would. Default: 0.
	Delay time.Duration

	loads atomic.Int64
	mu    sync.RWMutex
	names map[int64]string
}

// Load is the loader of all contestants.
func (s *Source) Load(ctx context.Context, id int64) (User, error) {
	s.loads.Add(1)
	u := s.Want(id)
	if s.Delay > 0 {
		timer := time.NewTimer(s.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return User{}, ctx.Err()
		}
	}
	return u, nil
}

// Want is what a read of id must return now.
func (s *Source) Want(id int64) User {
	u := userOf(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if name, ok := s.names[id]; ok {
		u.Name = name
	}
	return u
}

// Rename changes a user, as a committed UPDATE would.
func (s *Source) Rename(id int64, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names = make(map[int64]string)
	}
	s.names[id] = name
}

// Loads is how often Load was called.
func (s *Source) Loads() int64 { return s.loads.Load() }
