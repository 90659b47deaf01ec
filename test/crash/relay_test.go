package crash_test

import (
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/pgtest"
)

// TestRelaysKilledBetweenRedisAndTheCommit has two relays at a time. One in four batches
// stops when Redis has it and the database does not know. The relay is then killed, or
// frozen until the server has ended its transaction. Others are killed at any moment.
func TestRelaysKilledBetweenRedisAndTheCommit(t *testing.T) {
	t.Parallel()
	for name, concurrent := range map[string]bool{"one takes rows at a time": false, "both take rows": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testKilledRelays(t, concurrent)
		})
	}
}

func testKilledRelays(t *testing.T, concurrent bool) {
	t.Helper()
	r := newRig(t, pgtest.Database(t))
	held, anywhere, frozen := 6, 3, 1
	if long() {
		held, anywhere, frozen = 80, 60, 20
	}
	const holds = 4
	relays := []*relay{r.startRelay(t, holds, concurrent), r.startRelay(t, holds, concurrent)}
	stopWriting := r.write(t, 4)
	defer stopWriting()

	inWindow := 0
	var slowest time.Duration
	for held+anywhere+frozen > 0 {
		var moment <-chan time.Time
		if anywhere > 0 {
			moment = time.After(rand.N(400 * time.Millisecond))
		}
		var victim int
		var rows []int64
		select {
		case rows = <-relays[0].holds:
		case rows = <-relays[1].holds:
			victim = 1
		case <-moment:
			anywhere--
			victim = rand.IntN(2)
			relays[victim].end(syscall.SIGKILL)
			relays[victim] = r.startRelay(t, holds, concurrent)
			continue
		case <-time.After(patience):
			t.Fatal("no relay takes rows any more")
		}
		doomed := relays[victim]
		freeze := held == 0 || frozen > 0 && rand.IntN(4) == 0
		switch {
		case freeze && frozen > 0:
			frozen--
			doomed.signal(syscall.SIGSTOP)
		case held > 0:
			held--
			doomed.end(syscall.SIGKILL)
		default:
			continue // it goes on when its deadline is over
		}
		if r.waits(t, rows) {
			inWindow++
		}
		struck := time.Now()
		eventually(t, "another relay takes the rows of the victim", func() bool { return !r.waits(t, rows) })
		slowest = max(slowest, time.Since(struck))
		if freeze {
			doomed.signal(syscall.SIGCONT)
			continue
		}
		relays[victim] = r.startRelay(t, holds, concurrent)
	}
	stopWriting()
	for _, p := range relays {
		p.end(syscall.SIGKILL)
	}
	eventually(t, "a dead relay holds no lock", func() bool { return r.locks(t) == 0 })
	if _, err := r.pool.Exec(t.Context(), `SELECT FROM speedlayer.outbox FOR UPDATE NOWAIT`); err != nil {
		t.Errorf("lock all rows: %v", err)
	}
	last := r.startRelay(t, 0, concurrent)
	var left error
	eventually(t, "all is settled", func() bool { left = r.settled(t); return left == nil })
	last.end(syscall.SIGTERM)
	if inWindow == 0 {
		t.Error("no relay was struck while Redis had rows that the database did not know to be delivered")
	}
	t.Logf("%d relays were struck in the window; its rows were taken by another one after %v at most", inWindow, slowest.Round(time.Millisecond))
	r.noneUnknown(t)
	r.judge(t)
}

// waits reports whether the database has all these rows as not delivered.
func (r *rig) waits(t *testing.T, rows []int64) bool {
	t.Helper()
	return r.count(t, `SELECT count(*) FROM speedlayer.outbox WHERE id = ANY ($1) AND delivered_at IS NULL`, slices.Clone(rows)) > 0
}
