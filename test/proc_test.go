package test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// childNamed finds a descendant of a process by its name.
func childNamed(t *testing.T, parent int, name string) int {
	t.Helper()
	deadline := time.Now().Add(startTimeout)
	for time.Now().Before(deadline) {
		parents := map[int]int{}
		names := map[int]string{}
		stats, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, path := range stats {
			content, err := os.ReadFile(path)
			if err != nil {
				continue // it ended meanwhile
			}
			// pid (name) state ppid …; the name may contain spaces.
			before, after, ok := strings.Cut(string(content), ") ")
			pidText, comm, ok2 := strings.Cut(before, " (")
			fields := strings.Fields(after)
			if !ok || !ok2 || len(fields) < 2 {
				continue
			}
			pid, _ := strconv.Atoi(pidText)
			parents[pid], _ = strconv.Atoi(fields[1])
			names[pid] = comm
		}
		for pid, comm := range names {
			if comm != name {
				continue
			}
			for p := parents[pid]; p > 1; p = parents[p] {
				if p == parent {
					return pid
				}
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("process %d has no descendant %s", parent, name)
	return 0
}

// isZombie reports whether a process has ended and waits to be reaped.
func isZombie(pid int) bool {
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(content), ") Z ")
}
