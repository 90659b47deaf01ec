package app

import (
	"runtime"
	"runtime/metrics"
	"testing"
)

// heapGoal collects garbage and returns the size at which that happens next.
func heapGoal() uint64 {
	runtime.GC()
	goal := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	metrics.Read(goal)
	return goal[0].Value.Uint64()
}

func TestHeapFloorPutsTheCollectorOff(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	release := holdHeapFloor()
	with := heapGoal()
	release()
	if without := heapGoal(); with < 32<<20 || with-without < 28<<20 {
		t.Errorf("the collector waits for %d bytes with the floor and %d without", with, without)
	}
}

func TestHeapFloorGivesWayToAnOperatorWhoKnowsBetter(t *testing.T) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOGC", "")
			t.Setenv("GOMEMLIMIT", "")
			t.Setenv(name, "100")
			before := heapGoal()
			release := holdHeapFloor()
			if with := heapGoal(); with > before+16<<20 {
				t.Errorf("with %s set the goal went from %d to %d bytes", name, before, with)
			}
			release()
		})
	}
}
