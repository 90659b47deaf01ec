package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/rueidis"
)

// awaitTask waits for a new entry, or until something may be due. What it brings is
// claimed but not started: the next look comes first, because the queue may be
// paused.
func (s *shift) awaitTask(ctx context.Context, due time.Duration) error {
	m, err := s.membership(ctx)
	if err != nil {
		return err
	}
	if s.earlyOf != m {
		return nil // struck off since; the next look comes first
	}
	block := pollInterval
	if due >= 0 {
		block = min(max(due, 10*time.Millisecond), pollInterval) // 0 would wait for ever
	}
	q := s.w.q
	// Not cut off when ctx ends, as above: a worker that stops waits this long.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), block+q.o.RedisTimeout)
	defer cancel()
	streams := q.keys.streams[:streamLow]
	read := q.client.B().Xreadgroup().Group(group, m.name).Count(1).Block(block.Milliseconds()).
		Streams().Key(streams...).Id(">", ">", ">", ">").Build()
	found, err := readStreams(q.client.Do(ctx, read))
	switch {
	case rueidis.IsRedisNil(err):
		return nil
	case groupIsMissing(err):
		return s.mendGroups(ctx, m)
	case err != nil:
		// One that Redis refused claimed nothing: it is a single command.
		if _, refused := rueidis.IsRedisErr(err); !refused {
			s.doubt.begin()
		}
		return fmt.Errorf("queue: wait for %s: %w", q.name, err)
	}
	for i, name := range streams {
		if s.early, err = parseEntries(i+1, found[name], s.ahead, s.early); err != nil {
			return fmt.Errorf("queue: wait for %s: %w", q.name, err)
		}
	}
	return nil
}

// readStreams reads the entries of each stream. In RESP3 they are a map, in RESP2
// pairs.
func readStreams(r rueidis.RedisResult) (map[string][]rueidis.RedisMessage, error) {
	m, err := r.ToMessage()
	if err != nil {
		return nil, err
	}
	found := map[string][]rueidis.RedisMessage{}
	if m.IsMap() {
		streams, err := m.ToMap()
		if err != nil {
			return nil, err
		}
		for name, entries := range streams {
			if found[name], err = entries.ToArray(); err != nil {
				return nil, err
			}
		}
		return found, nil
	}
	streams, err := m.ToArray()
	if err != nil {
		return nil, err
	}
	for _, s := range streams {
		f := fields{}
		f.read(s, 2)
		name := f.text(0)
		if f.err != nil {
			return nil, f.err
		}
		if found[name], err = f.values[1].ToArray(); err != nil {
			return nil, err
		}
	}
	return found, nil
}
