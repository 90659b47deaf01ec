package crash_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

func TestMain(m *testing.M) {
	if s, ok := os.LookupEnv(childVar); ok {
		if err := runChild(s); err != nil {
			fmt.Fprintln(os.Stderr, "relay:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, append(redistest.IgnoreLeaks(), pgtest.IgnoreLeaks()...)...)
}

// long asks for more rounds.
func long() bool { return os.Getenv("SPEEDLAYER_LONG") != "" }

// patience bounds every wait for something that is sure to come.
const patience = 60 * time.Second

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%v passed and not yet: %s", patience, what)
		}
	}
}
