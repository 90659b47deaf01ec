package queue

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// member is a worker as Redis knows it. One that was struck off is never used
// again: what it held belongs to others, and whatever it still says is refused.
type member struct {
	name string
}

// newMember's name tells people where the worker runs.
func newMember() *member {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &member{host + "-" + strconv.Itoa(os.Getpid()) + "-" + rand.Text()[:12]}
}

// membership returns what this worker is in Redis, and makes it known first where it
// is not.
func (s *shift) membership(ctx context.Context) (*member, error) {
	s.mu.Lock()
	m := s.member
	s.mu.Unlock()
	if m != nil {
		return m, nil
	}
	m = newMember()
	if _, err := s.register(ctx, m, false); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.member = m
	s.mu.Unlock()
	return m, nil
}

// register makes a member known. Where only a group is missing, somebody deleted a
// stream, or Redis lost everything: then the member is not known any more either,
// and the answer is false.
func (s *shift) register(ctx context.Context, m *member, groupMissing bool) (known bool, err error) {
	q := s.w.q
	n, err := q.exec(context.WithoutCancel(ctx), registerScript, m.name, millis(q.o.Lease), flag(groupMissing)).AsInt64()
	if err != nil {
		return false, fmt.Errorf("queue: register worker: %w", err)
	}
	return n == 1, nil
}

// mendGroups makes groups that are missing again.
func (s *shift) mendGroups(ctx context.Context, m *member) error {
	known, err := s.register(ctx, m, true)
	if err == nil && !known {
		s.struckOff(ctx, m)
	}
	return err
}

// keepClaims gives a sign of life until ctx ends, and reports what hangs.
func (s *shift) keepClaims(ctx context.Context) {
	lease := s.w.q.o.Lease
	wait := lease / 4
	for sleep(ctx, wait) {
		s.reportHanging()
		// After an error soon again: when Redis returns after a while, there is only
		// little time before workers whose lease has ended are struck off.
		wait = min(lease/4, 200*time.Millisecond)
		if s.renew(ctx) == nil {
			wait = lease / 4
		}
	}
}

func (s *shift) renew(ctx context.Context) error {
	s.mu.Lock()
	m := s.member
	s.mu.Unlock()
	if m == nil {
		return nil
	}
	q := s.w.q
	known, err := q.exec(ctx, renewScript, m.name, millis(q.o.Lease)).AsInt64()
	if err != nil {
		return fmt.Errorf("queue: renew lease: %w", err)
	}
	if known == 0 {
		s.struckOff(ctx, m)
	}
	return nil
}

// struckOff ends everything that runs under a membership that is no more: this
// worker was frozen or cut off for longer than its lease, or Redis lost its data.
// Its tasks are told to be innocent of that.
func (s *shift) struckOff(ctx context.Context, m *member) {
	s.mu.Lock()
	if s.member == m {
		s.member = nil
	}
	var ids []string
	for r := range s.runs {
		if r.member == m && !r.lost {
			r.lost = true
			ids = append(ids, r.task.ID)
			r.end(ErrClaimLost)
		}
	}
	s.mu.Unlock()
	s.pardon(ctx, ids)
}

// pardon says that tasks lost their worker by no fault of theirs.
func (s *shift) pardon(ctx context.Context, ids []string) {
	if len(ids) == 0 {
		return
	}
	if err := s.w.q.exec(context.WithoutCancel(ctx), pardonScript, ids...).Error(); err != nil {
		s.w.o.Logger.Warn("tasks of a worker that was cut off stay suspects",
			"queue", s.w.q.name, "error", errorText(err))
	}
}

// groupIsMissing reports whether an error says that somebody deleted a stream, or
// its group.
func groupIsMissing(err error) bool {
	_, refused := rueidis.IsRedisErr(err)
	return refused && strings.Contains(err.Error(), "NOGROUP")
}
