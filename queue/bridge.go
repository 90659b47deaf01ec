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
			// It wakes an idle worker. Where it fails, the next fetch sees to it.
			_ = s.upkeep(ctx)
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
