package queue

import "github.com/speedlayer/speedlayer/internal/redisx"

// The positions of the streams in a queue's keys, from 1, as the scripts count.
const (
	streamAgain    = 1 // handed back, or taken from a dead worker: before all others
	streamHigh     = 2
	streamNormal   = 3
	streamLow      = 4
	streamSuspects = 5 // tasks that run alone
)

// group is the consumer group of every stream.
const group = "workers"

// keys names everything that a queue keeps in Redis.
type keys struct {
	list    string   // the plain list that other programs push to
	inbox   string   // the list that waiting workers move to
	meta    string   // hash: totals, and whether the queue is paused
	streams []string // by position, beginning with streamAgain
	all     []string // KEYS of every script, in the order of prelude.lua
}

// newKeys returns the keys of a queue, "email_queue" and "{email_queue}:…".
func newKeys(name string) keys {
	name = redisx.Escape(name)
	own := func(s string) string { return redisx.Companion(name, s) }
	k := keys{
		list:  name,
		inbox: own("inbox"),
		meta:  own("meta"),
		streams: []string{
			own("again"), own("tasks:high"), own("tasks"), own("tasks:low"), own("suspects"),
		},
	}
	k.all = append([]string{k.list, k.inbox}, k.streams...)
	k.all = append(k.all,
		own("scheduled"), // zset of ids by the time they are due
		own("retry"),     // the same, of tasks that failed or were put off
		own("dead"),      // zset of ids by the time they were given up
		own("workers"),   // zset of workers by the end of their lease
		own("crashes"),   // hash: runs of a task whose worker vanished, by id
		k.meta,
		own("reaper"), // hash, see reap.lua
		own("cron"),   // hash: last tick of a schedule, by its name
		own(""),       // beginning of the names of task:<id>, once:<id>, unique:<key>
	)
	return k
}

// stream is the key of the stream at a position.
func (k keys) stream(position int) string { return k.streams[position-1] }
