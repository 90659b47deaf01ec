package queue

import "github.com/speedlayer/speedlayer/internal/redisx"

// keys names everything that a queue keeps in Redis.
type keys struct {
	pending string   // the list that producers push to
	inbox   string   // the list that waiting workers move to
	all     []string // KEYS of every script, in the order of prelude.lua
}

// newKeys returns the keys of a queue, "email_queue" and "{email_queue}:…".
func newKeys(name string) keys {
	name = redisx.Escape(name)
	inbox := redisx.Companion(name, "inbox")
	return keys{
		pending: name,
		inbox:   inbox,
		all: []string{
			name,
			inbox,
			redisx.Companion(name, "running"),  // zset of ids by the end of their lease
			redisx.Companion(name, "retry"),    // zset of ids by the time they are due
			redisx.Companion(name, "suspects"), // the same, of tasks that run alone
			redisx.Companion(name, "dead"),     // zset of ids by the time they were given up
			redisx.Companion(name, "seq"),      // counter
			redisx.Companion(name, "reaper"),   // hash, see reap.lua
			redisx.Companion(name, "task:"),    // beginning of the names of the hashes
		},
	}
}
