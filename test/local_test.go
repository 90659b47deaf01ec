package test

import (
	"fmt"
	"strings"
	"testing"
)

func TestUsersAreServedFromMemoryUnlessThatIsTurnedOff(t *testing.T) {
	t.Parallel()
	on, off := start(t, nil, "demo"), start(t, []string{"KURSAPP_LOCAL_CACHE_MB=0"}, "demo")
	read := func(p *process) string {
		return step{"read", "GET", "/users/1", "", nil, 200, maxJSON}.run(t, p).header.Get("Cache-Status")
	}
	eventually(t, startTimeout, func() error {
		if got := read(on); !strings.HasSuffix(got, "; detail=local") {
			return fmt.Errorf("with the local cache: Cache-Status %q", got)
		}
		return nil
	})
	read(off)
	for range 20 {
		if got := read(off); !strings.HasSuffix(got, "; detail=redis") {
			t.Fatalf("without the local cache: Cache-Status %q", got)
		}
	}
}
