package redisx_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/internal/redisx"
)

const appendScript = `redis.call('RPUSH', KEYS[1], ARGV[1]) return ARGV[1]`

func TestScriptRunsOnServerThatDoesNotKnowIt(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := s.Client(t)
	script := redisx.NewScript(appendScript)
	for range 2 {
		if got, err := script.Exec(t.Context(), c, []string{"l"}, []string{"a"}).ToString(); err != nil || got != "a" {
			t.Errorf("Exec = %q, %v", got, err)
		}
		s.CLI(t, "SCRIPT", "FLUSH")
	}
	if got := s.CLI(t, "LRANGE", "l", "0", "-1"); got != "a\na" {
		t.Errorf("list = %q", got)
	}
}

func TestScriptExecMultiKeepsOrder(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := s.Client(t)
	script := redisx.NewScript(appendScript)
	var want []string
	for round := range 2 { // the second round finds the script on the server
		var multi []rueidis.LuaExec
		for i := range 5 {
			v := fmt.Sprint(round*5 + i)
			want = append(want, v)
			multi = append(multi, rueidis.LuaExec{Keys: []string{"l"}, Args: []string{v}})
		}
		for i, r := range script.ExecMulti(t.Context(), c, multi...) {
			if got, err := r.ToString(); err != nil || got != multi[i].Args[0] {
				t.Errorf("result %d = %q, %v", i, got, err)
			}
		}
	}
	if got := s.CLI(t, "LRANGE", "l", "0", "-1"); got != strings.Join(want, "\n") {
		t.Errorf("list = %q", got)
	}
	if got := script.ExecMulti(t.Context(), c); got != nil {
		t.Errorf("ExecMulti of nothing = %v", got)
	}
}

func TestScriptErrorIsNotRetried(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := s.Client(t)
	script := redisx.NewScript(`redis.call('INCR', KEYS[1]) return redis.error_reply('NO luck')`)
	if err := script.Exec(t.Context(), c, []string{"n"}, nil).Error(); err == nil || err.Error() != "NO luck" {
		t.Errorf("Exec: %v", err)
	}
	if got := s.CLI(t, "GET", "n"); got != "1" {
		t.Errorf("the script ran %s times, want 1", got)
	}
}
