package queue

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// place is where an entry lies, and so what a claim is on.
type place struct {
	stream int
	entry  string
}

// compareEntries orders ids of entries, "<ms>-<number>" without leading zeros, as
// Redis does.
func compareEntries(a, b string) int {
	aMillis, aNumber, _ := strings.Cut(a, "-")
	bMillis, bNumber, _ := strings.Cut(b, "-")
	return cmp.Or(
		cmp.Compare(len(aMillis), len(bMillis)), strings.Compare(aMillis, bMillis),
		cmp.Compare(len(aNumber), len(bNumber)), strings.Compare(aNumber, bNumber),
	)
}

// claimed is a task that this worker holds.
type claimed struct {
	place
	task Task
}

// parseEntries reads what XREADGROUP returned for one stream. ahead is how much the
// clock of Redis is ahead of this process's.
func parseEntries(stream int, entries []rueidis.RedisMessage, ahead time.Duration, to []claimed) ([]claimed, error) {
	for _, m := range entries {
		parts, err := m.ToArray()
		if err != nil {
			return to, err
		}
		if len(parts) != 2 {
			return to, fmt.Errorf("an entry has %d parts instead of 2", len(parts))
		}
		id, err := parts[0].ToString()
		if err != nil {
			return to, err
		}
		// Fields that are nil belong to an entry that somebody deleted meanwhile.
		fields, err := parts[1].ToArray()
		if err != nil && !rueidis.IsRedisNil(err) {
			return to, err
		}
		c := claimed{place: place{stream, id}}
		if err := c.read(fields, ahead); err != nil {
			return to, err
		}
		to = append(to, c)
	}
	return to, nil
}

func idsOf(tasks []claimed) []string {
	ids := make([]string, len(tasks))
	for i, c := range tasks {
		ids[i] = c.task.ID
	}
	return ids
}

// read takes over an entry's fields. Whoever writes to a stream by hand may leave
// some out, or write what is no number.
func (c *claimed) read(fields []rueidis.RedisMessage, ahead time.Duration) error {
	t := &c.task
	t.ID = c.entry
	ms, _, _ := strings.Cut(c.entry, "-")
	t.CreatedAt = timeOf(ms)
	t.Attempt = 1
	for i := 0; i+1 < len(fields); i += 2 {
		name, err := fields[i].ToString()
		if err != nil {
			return err
		}
		value, err := fields[i+1].ToString()
		if err != nil {
			return err
		}
		t.set(name, value, ahead)
	}
	return nil
}

func (t *Task) set(name, value string, ahead time.Duration) {
	switch name {
	case "id":
		if value != "" {
			t.ID = value
		}
	case "type":
		t.Type = value
	case "payload":
		t.Payload = []byte(value)
	case "priority":
		t.Priority = Priority(max(-1, min(1, numberOf(value))))
	case "created":
		t.CreatedAt = timeOf(value)
	case "attempts":
		t.Attempt = int(max(0, numberOf(value))) + 1
	case "crashes":
		t.Crashes = int(numberOf(value))
	case "max_attempts":
		t.maxAttempts = int(numberOf(value))
	case "timeout":
		t.timeout = time.Duration(numberOf(value)) * time.Millisecond
	case "deadline":
		if numberOf(value) > 0 {
			t.deadline = timeOf(value).Add(-ahead)
		}
	case "unique":
		t.unique = value
	}
}

// numberOf is 0 for what is no number, and never negative but for -1.
func numberOf(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return max(n, -1)
}

func timeOf(ms string) time.Time { return time.UnixMilli(numberOf(ms)) }
