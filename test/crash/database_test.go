package crash_test

import (
	"testing"

	"github.com/speedlayer/speedlayer/internal/pgtest"
)

// A relay's marks need not be on the disk when it goes on, so a database that is killed
// forgets some, and that tasks which are not durable were handed over at all. Then rows
// come once more; their tasks do not.
func TestMarksThatADatabaseForgotRunNoTaskTwice(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	r := newRig(t, server.Database(t))
	relays := []*relay{r.startRelay(t, 0, false), r.startRelay(t, 0, false)}
	stopWriting := r.write(t, 4)
	defer stopWriting()
	kills := 3
	if long() {
		kills = 30
	}
	more := func(n int) {
		t.Helper()
		before := r.commits()
		eventually(t, "transactions commit", func() bool { return r.commits() >= before+n })
	}
	for range kills {
		more(150)
		server.Kill(t)
		server.Restart(t)
	}
	more(50)
	stopWriting()
	var left error
	eventually(t, "all is settled", func() bool { left = r.settled(t); return left == nil })
	for _, p := range relays {
		select {
		case <-p.ended:
			t.Error("a relay ended with its database")
		default:
		}
	}
	r.judge(t)
}
