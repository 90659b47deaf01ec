package memory

import (
	"os"
	"strconv"
	"strings"
)

// residentBytes is the resident memory of this process, 0 where there is no
// /proc/self/status.
func residentBytes() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	return parseResident(string(status))
}

// parseResident finds the line "VmRSS:	   12345 kB".
func parseResident(status string) int64 {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
