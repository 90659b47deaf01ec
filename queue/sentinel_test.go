package queue_test

import (
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// The tasks that the promoted replica had are run, whatever else it missed, and workers
// and producers find it by themselves.
func TestQueueGoesOnAfterAFailoverBySentinel(t *testing.T) {
	t.Parallel()
	for name, strike := range map[string]func(t *testing.T, s *redistest.Sentinel, l *load, master, replica *redistest.Server){
		"the master is killed": func(t *testing.T, _ *redistest.Sentinel, _ *load, master, _ *redistest.Server) {
			t.Helper()
			master.Kill(t)
		},
		"the replica lagged": func(t *testing.T, s *redistest.Sentinel, l *load, master, replica *redistest.Server) {
			t.Helper()
			master.CutOff(t, replica)
			// What is done now, the replica does not know: neither the new tasks nor that
			// some are over, nor a worker that starts.
			l.startWorker(t)
			awaitWorkers(t, l.q, 3)
			l.awaitWork(t, 50)
			master.Kill(t)
		},
		"the master is frozen and thaws": func(t *testing.T, s *redistest.Sentinel, l *load, master, replica *redistest.Server) {
			t.Helper()
			master.Freeze(t)
			s.AwaitMaster(t, replica)
			l.awaitWork(t, 20)
			master.Thaw(t) // for a while it believes that it is the master still
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.StartSentinel(t, 1)
			master, replica := s.Nodes()[0], s.Nodes()[1]
			l := startLoad(t, func() rueidis.Client { return s.Client(t) })
			l.awaitWork(t, 20)
			enqueue(t, l.q, longTask)
			eventually(t, "the long task runs", func() bool { return l.ran([]string{longTask}) == 1 })
			must := l.acknowledgedByReplica(t, master)

			struck := time.Now()
			strike(t, s, l, master, replica)
			s.AwaitMaster(t, replica)
			promoted := time.Since(struck)
			back := l.awaitWork(t, 20)
			close(l.release)
			again := l.judge(t, append(must, longTask))
			all := l.acknowledged.all()
			t.Logf("%d tasks acknowledged, %d of which the replica had for certain; %d lost, %d runs more than due; "+
				"promoted after %v, back at work %v later; producers' errors: %s",
				len(all), len(must), len(all)-l.ran(all), again, promoted.Round(time.Millisecond), back.Round(time.Millisecond), l.refusals())
		})
	}
}
