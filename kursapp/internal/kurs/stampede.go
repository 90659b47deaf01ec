package kurs

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

// MaxStampedeReaders bounds a stampede.
const MaxStampedeReaders = 200

// Stampede is what became of many reads at the same moment.
type Stampede struct {
	Readers int
	// Loads is how often the database was asked because of them.
	Loads int
	// Collapsed is how many got their answer from a load that another one had asked for.
	Collapsed int
	// FromRedis and FromLocal are how many came late enough to find the entry there.
	FromRedis, FromLocal int
	Errors               int
	// Duration is from the moment when all were let go until the last one had its answer.
	Duration time.Duration
}

// Stampede invalidates a user and then reads it with many readers at once. readers is
// 1 to MaxStampedeReaders; what is beyond is cut off. The reads are those of Get, and
// count like them.
//
// It fails with CodeStampedeRunning while another one runs in this process, with
// ErrUserNotFound, and with CodeUnavailable where Redis did not confirm the
// invalidation or no reader got an answer.
func (u *Users) Stampede(ctx context.Context, id int64, readers int) (Stampede, error) {
	if !u.stampede.TryLock() {
		return Stampede{}, ErrStampedeRunning
	}
	defer u.stampede.Unlock()
	if err := u.Invalidate(ctx, id); err != nil {
		return Stampede{}, err
	}
	readers = min(max(readers, 1), MaxStampedeReaders)
	var loads atomic.Int64
	answers, took := readAtOnce(readers, func() (cache.Entry[User], error) {
		return u.Get(context.WithValue(ctx, loadCounter{}, &loads), id)
	})
	s := Stampede{Readers: readers, Loads: int(loads.Load()), Duration: took}
	var failure error
	for _, a := range answers {
		if errors.Is(a.err, ErrUserNotFound) {
			return Stampede{}, a.err
		}
		if a.err != nil {
			failure = a.err
		}
		s.count(a)
	}
	if s.Errors == readers {
		return Stampede{}, failure
	}
	return s, nil
}

// answer is what a reader got.
type answer struct {
	entry cache.Entry[User]
	err   error
}

func (s *Stampede) count(a answer) {
	switch {
	case a.err != nil:
		s.Errors++
	case a.entry.Source == cache.SourceLocal:
		s.FromLocal++
	case a.entry.Source == cache.SourceRedis:
		s.FromRedis++
	case a.entry.Collapsed:
		s.Collapsed++
	}
}

// readAtOnce lets all readers go when the last of them is ready.
func readAtOnce(readers int, read func() (cache.Entry[User], error)) ([]answer, time.Duration) {
	answers := make([]answer, readers)
	goOn := make(chan struct{})
	var ready, done sync.WaitGroup
	ready.Add(readers)
	for i := range answers {
		done.Go(func() {
			ready.Done()
			<-goOn
			answers[i].entry, answers[i].err = read()
		})
	}
	ready.Wait()
	began := time.Now()
	close(goOn)
	done.Wait()
	return answers, time.Since(began)
}

// loadCounter is under what a load finds, in its context, whose loads are counted.
type loadCounter struct{}

func countLoad(ctx context.Context) {
	if n, ok := ctx.Value(loadCounter{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}
