package redisx

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by their SHA-1
	"encoding/hex"

	"github.com/redis/rueidis"
)

// Script is a Lua script that is sent by its digest and, to a server that does not
// know it yet, in full. It is safe for concurrent use.
//
// A script is never retried after a network error: it may have been executed, and
// it may write.
type Script struct {
	source string
	digest string
	lua    *rueidis.Lua
}

// NewScript returns the script with this source text.
func NewScript(source string) *Script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // not used for security
	return &Script{source: source, digest: hex.EncodeToString(sum[:]), lua: rueidis.NewLuaScript(source)}
}

// Exec runs the script once. In a cluster all keys must share a slot.
func (s *Script) Exec(ctx context.Context, c rueidis.Client, keys, args []string) rueidis.RedisResult {
	return s.lua.Exec(ctx, c, keys, args)
}

// ExecMulti runs the script once per element, pipelined, and returns the results in
// the same order. Calls that meet a server without the script are repeated in a
// second round trip, so after a restart of that server they may run behind later
// ones. rueidis's own ExecMulti was rejected: it sends SCRIPT LOAD to every node
// each time.
func (s *Script) ExecMulti(ctx context.Context, c rueidis.Client, multi ...rueidis.LuaExec) []rueidis.RedisResult {
	if len(multi) == 0 {
		return nil
	}
	b := c.B()
	cmds := make(rueidis.Commands, len(multi))
	for i, m := range multi {
		cmds[i] = b.Evalsha().Sha1(s.digest).Numkeys(int64(len(m.Keys))).Key(m.Keys...).Arg(m.Args...).Build()
	}
	results := c.DoMulti(ctx, cmds...)

	var again []int
	cmds = nil // not reused: after a timeout rueidis may still be reading it
	for i, r := range results {
		if reply, ok := rueidis.IsRedisErr(r.Error()); ok && reply.IsNoScript() {
			m := multi[i]
			again = append(again, i)
			cmds = append(cmds, b.Eval().Script(s.source).Numkeys(int64(len(m.Keys))).Key(m.Keys...).Arg(m.Args...).Build())
		}
	}
	if len(again) == 0 {
		return results
	}
	for j, r := range c.DoMulti(ctx, cmds...) {
		results[again[j]] = r
	}
	return results
}
