package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/bench/commits"
	"github.com/speedlayer/speedlayer/bench/tasks"
)

// fullRounds has each number of a contest: 100 µs for us, 1 ms for the others.
func fullRounds(c Contest, rounds int) *Rounds {
	var r Rounds
	for range rounds {
		printed := make(map[[2]string]map[string]float64)
		for _, l := range c.Lines {
			for _, column := range c.Columns {
				k := [2]string{l.Benchmark, column.ID}
				if printed[k] == nil {
					printed[k] = make(map[string]float64)
				}
				printed[k][l.Metric] = 1e6
				if column.ID == c.Us {
					printed[k][l.Metric] = 1e5
				}
			}
		}
		for k, metrics := range printed {
			r.add(Sample{k[0], k[1], 2, metrics})
		}
	}
	return &r
}

func TestContestsMissACell(t *testing.T) {
	t.Parallel()
	for _, c := range []Contest{TaskContest(), CommitContest()} {
		r := fullRounds(c, 2)
		if err := c.Check(r, 2); err != nil {
			t.Fatal(err)
		}
		delete(r.samples, [2]string{c.Lines[0].Benchmark, c.Us})
		if err := c.Check(r, 2); err == nil {
			t.Errorf("a cell of %s is missing and nobody says so", c.Us)
		}
	}
}

func TestEachTargetOfTheQueueHasANumber(t *testing.T) {
	t.Parallel()
	text := QueueMarkdown(Machine{Date: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)},
		fullRounds(TaskContest(), 3), fullRounds(CommitContest(), 3))
	for _, want := range []string{
		"| Process, 10 at a time, faster than asynq | ≥ 10× | 10.0× (10.0× – 10.0×) | met |",
		"| Redis CPU of a task: process 100 at a time | ≤ 10 µs | 100 µs (100 µs – 100 µs) | **missed** |",
		"| `BEGIN`, `UPDATE`, `COMMIT`: a second, of those without outbox | ≥ 0.65 | 10.0 (10.0 – 10.0) | met |",
		"| From commit to Redis, 200/s, p50 | ≤ 10 ms | 100 µs (100 µs – 100 µs) | met |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(text, "NaN") {
		t.Errorf("a number is missing:\n%s", text)
	}
}

func TestRowsOfAContestNameContestantsThatExist(t *testing.T) {
	t.Parallel()
	ids := func(c Contest) []string {
		var ids []string
		for _, column := range c.Columns {
			ids = append(ids, column.ID)
		}
		return ids
	}
	for _, id := range []string{us, "asynq", "river", "river-eager"} { // of the targets
		if !slices.Contains(ids(TaskContest()), id) {
			t.Errorf("there is no contestant %s", id)
		}
	}
	for _, id := range []string{"plain", "outbox", "notify"} {
		if !slices.Contains(ids(CommitContest()), id) {
			t.Errorf("there is no way %s", id)
		}
	}
	if len(tasks.Rows()) != len(TaskContest().Lines) || len(commits.Rows()) != len(CommitContest().Lines) {
		t.Error("rows are missing")
	}
}
