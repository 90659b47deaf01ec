package history_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/speedlayer/speedlayer/internal/pgtest"
	"github.com/speedlayer/speedlayer/internal/redistest"
)

// workerEnv makes the test binary a worker.
const workerEnv = "SPEEDLAYER_HISTORY_WORKER"

func TestMain(m *testing.M) {
	if s, ok := os.LookupEnv(workerEnv); ok {
		if err := runWorker(s); err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	ignore := append(redistest.IgnoreLeaks(), pgtest.IgnoreLeaks()...)
	// A toxiproxy link whose receiver is gone keeps what it wanted to deliver for ever.
	const link = "github.com/Shopify/toxiproxy/v2."
	for _, f := range []string{
		link + "(*ToxicLink).read",
		"github.com/Shopify/toxiproxy/v2/toxics.(*NoopToxic).Pipe",
		"github.com/Shopify/toxiproxy/v2/toxics.(*LatencyToxic).Pipe",
		"github.com/Shopify/toxiproxy/v2/toxics.(*TimeoutToxic).Pipe",
	} {
		ignore = append(ignore, goleak.IgnoreAnyFunction(f))
	}
	goleak.VerifyTestMain(m, ignore...)
}

// long asks for more rounds.
func long() bool { return os.Getenv("SPEEDLAYER_LONG") != "" }

// patience bounds every wait for something that is sure to come.
const patience = 60 * time.Second

// eventually waits for a condition. When it does not come, what says why.
func eventually(t *testing.T, condition func() bool, what func() string) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%v passed and not yet: %s", patience, what())
		}
	}
}
