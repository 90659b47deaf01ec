package history_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// checkTimeout bounds the check of one piece of a history.
const checkTimeout = time.Minute

// operation is a step of the models.
type operation struct {
	kind    operationKind
	who     int   // opReturned, opRead
	version int64 // 0 for a read that found no row
	from    state // opBegin
}

type operationKind int

const (
	opBegin     operationKind = iota // the state at the beginning of a piece
	opCommit                         // a version is committed
	opReturned                       // its Invalidate has returned, confirmed or not
	opConfirmed                      // its invalidation was confirmed
	opRead
)

// state is what the models know of a key.
type state struct {
	floor  int64         // nobody may read older versions
	latest int64         // the newest committed version
	own    [maxWho]int64 // through this cache nobody may read older versions
}

// The two models.
const (
	promise = iota // a read returns a version from floor to latest
	strict         // and raises the floor to it: what was read once is out
)

// model is one key.
//
// In the strict model a write has no operation of its own that makes it visible: it
// becomes so with the first read of it, or with its confirmation. That is the same
// as a register whose write takes effect somewhere between the UPDATE and the
// confirmation, and spares the checker guessing where.
func model(kind int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{} },
		Step: func(before, input, _ any) (bool, any) {
			s, op := before.(state), input.(operation)
			switch op.kind {
			case opBegin:
				return true, op.from
			case opCommit:
				ok := s.latest == op.version-1
				s.latest = op.version
				return ok, s
			case opReturned:
				s.own[op.who] = max(s.own[op.who], op.version)
				return true, s
			case opConfirmed:
				s.floor = max(s.floor, op.version)
				return true, s
			}
			lowest := max(s.floor, s.own[op.who])
			version := op.version
			if version == 0 {
				version = (lowest + goneEvery - 1) / goneEvery * goneEvery
			}
			ok := lowest <= version && version <= s.latest
			if kind == strict {
				s.floor = version
			}
			return ok, s
		},
		DescribeOperation: func(input, _ any) string { return input.(operation).String() },
	}
}

func (o operation) String() string {
	switch o.kind {
	case opBegin:
		return fmt.Sprintf("begin with floor %d, latest %d, own %v", o.from.floor, o.from.latest, o.from.own)
	case opCommit:
		return fmt.Sprintf("commit %d", o.version)
	case opReturned:
		return fmt.Sprintf("cache %d: Invalidate of %d returned", o.who, o.version)
	case opConfirmed:
		return fmt.Sprintf("cache %d: invalidation of %d confirmed", o.who, o.version)
	case opRead:
		if o.version == 0 {
			return fmt.Sprintf("cache %d: read: not found", o.who)
		}
		return fmt.Sprintf("cache %d: read %d", o.who, o.version)
	}
	return "?"
}

// operations turns what happened to a key into operations.
//
// A confirmation counts from the instant at which it was seen. It might as well
// span the whole call, from the call of Invalidate on, and porcupine would have to
// find out where in between it took effect; but the promise begins when Invalidate
// has returned, and an earlier effect only makes fewer reads legal.
func (r record) operations(key int, kind int) []porcupine.Operation {
	var ops []porcupine.Operation
	add := func(start, end int64, op operation) {
		ops = append(ops, porcupine.Operation{ClientId: op.who, Input: op, Call: start, Return: end})
	}
	commits, _ := r.commits(key)
	for _, c := range commits {
		add(c.start, c.end, operation{kind: opCommit, version: c.version})
	}
	for _, c := range r.returned(key) {
		add(c.at, c.at, operation{kind: opReturned, who: c.who, version: c.version})
	}
	for _, c := range r.confirmations(key) {
		add(c.at, c.at, operation{kind: opConfirmed, who: c.who, version: c.version})
	}
	fit := throughRedisTier
	if kind == strict {
		fit = layInRedis
	}
	for _, e := range r.reads(key, fit) {
		op := operation{kind: opRead, who: e.who(), version: e.Version}
		add(e.Start, e.End, op)
	}
	slices.SortFunc(ops, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	return ops
}

// throughRedisTier reports whether a read was not answered by a local tier.
func throughRedisTier(e event) bool { return e.Source != "local" }

// layInRedis reports whether the value of a read was in Redis at some instant
// during the read.
func layInRedis(e event) bool {
	return e.Source == "redis" || e.Source == "database" && e.Stored
}

// pieces cuts the operations of a key at instants at which nothing was under way,
// so that porcupine has short histories to judge. Each piece begins with the state
// in which the one before it ended.
func pieces(ops []porcupine.Operation, kind int) [][]porcupine.Operation {
	var all [][]porcupine.Operation
	s := state{floor: 1, latest: 1}
	for begin, end := 0, 0; begin < len(ops); begin = end {
		last := int64(math.MinInt64)
		piece := []porcupine.Operation{{Input: operation{kind: opBegin, from: s}, Call: ops[begin].Call - 1, Return: ops[begin].Call - 1}}
		for end = begin; end < len(ops) && (ops[end].Call <= last || end-begin < 20); end++ {
			last = max(last, ops[end].Return)
			piece = append(piece, ops[end])
			s = s.after(ops[end].Input.(operation), kind)
		}
		all = append(all, piece)
	}
	return all
}

// after is the state when an operation is over, whatever the order. Where it is not
// certain, in the strict model after a read that found no row, the floor is taken
// too low rather than too high.
func (s state) after(op operation, kind int) state {
	switch op.kind {
	case opBegin:
		return op.from
	case opCommit:
		s.latest = max(s.latest, op.version)
	case opReturned:
		s.own[op.who] = max(s.own[op.who], op.version)
	case opConfirmed:
		s.floor = max(s.floor, op.version)
	case opRead:
		if kind == strict {
			s.floor = max(s.floor, op.version)
		}
	}
	return s
}

// check holds a history against a model. It returns how many operations it judged
// and what is wrong: for each key the first piece that is not legal, or that took
// too long to judge.
func (r record) check(kind int) (judged int, wrong []string) {
	m := model(kind)
	for key := range r.final {
		for _, piece := range pieces(r.operations(key, kind), kind) {
			judged += len(piece) - 1
			if result := porcupine.CheckOperationsTimeout(m, piece, checkTimeout); result != porcupine.Ok {
				wrong = append(wrong, fmt.Sprintf("key %d: %s:%s", key, result, describe(m, piece)))
				break
			}
		}
	}
	return judged, wrong
}

// describe prints a piece, instants in microseconds from its beginning.
func describe(m porcupine.Model, piece []porcupine.Operation) string {
	var text strings.Builder
	zero := piece[0].Call
	for i, op := range piece {
		if i == 200 {
			fmt.Fprintf(&text, "\n… and %d more", len(piece)-i)
			break
		}
		fmt.Fprintf(&text, "\n%9d to %9d  %s", (op.Call-zero)/1000, (op.Return-zero)/1000, m.DescribeOperation(op.Input, nil))
	}
	return text.String()
}
