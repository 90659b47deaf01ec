package queue

import (
	"context"

	"github.com/redis/rueidis"
)

// awaitPushes makes an idle worker notice what other programs push to the plain
// list, until ctx ends. The waiting command moves a payload to the inbox, from where
// any worker takes it: if this one dies now, or the answer is lost, nothing is.
func (s *shift) awaitPushes(ctx context.Context) {
	q := s.w.q
	var pause backoff
	for ctx.Err() == nil {
		move := q.client.B().Blmove().Source(q.keys.list).Destination(q.keys.inbox).
			Right().Left().Timeout(bridgeWait.Seconds()).Build()
		err := s.awaitPush(ctx, move)
		switch {
		case rueidis.IsRedisNil(err):
		case err != nil:
			sleep(ctx, pause.next()) // fetch meets the same error and reports it
		default:
			pause.reset()
			s.announce(ctx)
		}
	}
}

// bridgeWait is how long one waiting command takes at most, and so a worker that
// stops.
const bridgeWait = pollInterval

func (s *shift) awaitPush(ctx context.Context, move rueidis.Completed) error {
	ctx, cancel := context.WithTimeout(ctx, bridgeWait+s.w.q.o.RedisTimeout)
	defer cancel()
	return s.w.q.client.Do(ctx, move).Error()
}

// announce puts what was pushed in its place, which wakes an idle worker. Where it
// fails, the next fetch of any worker does it.
func (s *shift) announce(ctx context.Context) {
	s.mu.Lock()
	m := s.member
	s.mu.Unlock()
	if m == nil {
		return
	}
	if b, err := s.askFor(ctx, m, 0, "0", "0"); err == nil {
		s.reportBuried(b.buried)
	}
}
