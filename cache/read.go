package cache

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/rueidis"
)

// question is what a read asks for one key.
type question struct {
	target
	ttl bool // the remaining life too
}

// stored is the answer to a question.
type stored struct {
	raw   []byte
	found bool          // raw may be empty though found
	ttl   time.Duration // remaining life; 0 unknown
	err   error         // Redis cannot be asked, or refuses
}

// read asks for many keys at once, in a cluster one round trip per node.
func (t *tier) read(ctx context.Context, questions ...question) []stored {
	rctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	ask := t.readEach
	if len(questions) > 1 && !t.tagged && t.client.Mode() != rueidis.ClientModeCluster {
		ask = t.readTogether
	}
	answers := ask(rctx, questions)
	for _, a := range answers {
		t.report(ctx, a.err)
	}
	return answers
}

// readTogether takes one MGET for all values: that costs Redis and the client less
// than half of as many GET. A key of another type counts as absent there.
func (t *tier) readTogether(ctx context.Context, questions []question) []stored {
	names := make([]string, len(questions))
	for i, q := range questions {
		names[i] = q.name
	}
	cmds := make(rueidis.Commands, 1, len(questions)+1)
	cmds[0] = t.client.B().Mget().Key(names...).Build()
	for _, q := range questions {
		if q.ttl {
			cmds = append(cmds, t.client.B().Pttl().Key(q.name).Build())
		}
	}
	r := replies{left: t.client.DoMulti(ctx, cmds...)}
	values, err := r.next().ToArray()
	out := make([]stored, len(questions))
	for i, q := range questions {
		if err != nil || len(values) != len(questions) {
			out[i].err = cmp.Or(err, errReply)
			continue
		}
		if raw, err := values[i].AsBytes(); err == nil {
			out[i] = stored{raw: raw, found: true}
		}
		if q.ttl {
			r.life(&out[i])
		}
	}
	return out
}

// readEach asks for each key by itself, in one pipeline.
func (t *tier) readEach(ctx context.Context, questions []question) []stored {
	cmds := make(rueidis.Commands, 0, 2*len(questions))
	var tags []string // of the question before: often all have the same
	for _, q := range questions {
		if len(q.tags) == 0 {
			cmds = append(cmds, t.client.B().Get().Key(q.name).Build())
		} else {
			// In one command, so that the generations are those of the value.
			cmds = append(cmds, t.client.B().Mget().Key(q.name, markKey(q.name)).Build())
		}
		if q.ttl {
			cmds = append(cmds, t.client.B().Pttl().Key(q.name).Build())
		}
		if len(q.tags) > 0 && !slices.Equal(q.tags, tags) {
			cmds = append(cmds, t.client.B().Mget().Key(q.tags...).Build())
		}
		tags = q.tags
	}
	r := replies{left: t.client.DoMulti(ctx, cmds...)}
	out := make([]stored, len(questions))
	for i, q := range questions {
		out[i] = r.parse(q)
	}
	return out
}

var errReply = errors.New("unexpected reply")

// replies takes what read was answered apart.
type replies struct {
	left []rueidis.RedisResult
	tags []string // those whose generations were the last in left
	mark string
	err  error // of asking for these
}

func (r *replies) next() rueidis.RedisResult {
	reply := r.left[0]
	r.left = r.left[1:]
	return reply
}

func (r *replies) parse(q question) stored {
	var s stored
	var mark string
	if len(q.tags) == 0 {
		s = parseValue(r.next())
	} else {
		s, mark = parseMarked(r.next())
	}
	if q.ttl {
		r.life(&s)
	}
	if len(q.tags) > 0 {
		if !slices.Equal(q.tags, r.tags) {
			generations, err := r.next().AsStrSlice()
			r.mark, r.err = joinGenerations(generations), err
		}
		if r.err != nil && s.err == nil {
			s = stored{err: r.err}
		}
		s.found = s.found && mark == r.mark
	}
	r.tags = q.tags
	return s
}

// life takes the reply to PTTL.
func (r *replies) life(s *stored) {
	ms, err := r.next().AsInt64()
	if s.found && s.err == nil {
		s.ttl, s.err = lifeOf(ms), err
	}
}

func parseValue(reply rueidis.RedisResult) stored {
	raw, err := reply.AsBytes()
	switch {
	case rueidis.IsRedisNil(err):
		return stored{}
	case isWrongType(err):
		return stored{found: true} // nothing that decodes
	}
	return stored{raw: raw, found: err == nil, err: err}
}

// parseMarked takes a value and the generations it was loaded under out of the
// reply. What has none, or is no string, counts as absent.
func parseMarked(reply rueidis.RedisResult) (s stored, mark string) {
	both, err := reply.ToArray()
	if err != nil || len(both) != 2 {
		return stored{err: cmp.Or(err, errReply)}, ""
	}
	raw, err := both[0].AsBytes()
	if err != nil {
		return stored{}, ""
	}
	mark, err = both[1].ToString()
	return stored{raw: raw, found: err == nil}, mark
}

// lifeOf turns a reply to PTTL into a duration: 0 for a key without an end, and
// more than 0 for one that ends within this millisecond.
func lifeOf(ms int64) time.Duration {
	if ms == 0 {
		return time.Nanosecond
	}
	return max(0, time.Duration(ms)*time.Millisecond)
}

func isWrongType(err error) bool {
	reply, ok := rueidis.IsRedisErr(err)
	return ok && len(reply.Error()) >= 9 && reply.Error()[:9] == "WRONGTYPE"
}
