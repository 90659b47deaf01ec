package report

import (
	"strings"

	"github.com/speedlayer/speedlayer/bench/tasks"
)

// TaskContest is the table about the queue and its peers.
func TaskContest() Contest {
	c := Contest{Us: us}
	for _, t := range tasks.All() {
		c.Columns = append(c.Columns, Column{t.ID, t.Name})
	}
	for _, row := range tasks.Rows() {
		l := Line{Title: row.Title, Benchmark: row.Benchmark, Metric: row.Metric, Missing: make(map[string]string)}
		for _, t := range tasks.All() {
			switch {
			case t.Cannot[row.Kind] != "":
				l.Missing[t.ID] = t.Cannot[row.Kind]
			case row.NoRedis && t.Postgres:
				l.Missing[t.ID] = "Its tasks are in PostgreSQL."
			}
		}
		c.Lines = append(c.Lines, l)
	}
	return c
}

// taskTargets are those of the queue. Ratios are times of the other over ours.
func taskTargets(r *Rounds) []target {
	values := func(benchmark, id string) []float64 { return r.values(benchmark, id, tasks.PerTask) }
	over := func(benchmark, id string) Spread { return ratios(values(benchmark, id), values(benchmark, us)) }
	redis := func(benchmark string) []float64 { return r.values(benchmark, us, tasks.RedisTime) }
	asynqAlone := func(goroutines string) Spread {
		return ratios(values("BenchmarkEnqueue"+goroutines, "asynq"), values("BenchmarkEnqueueBatch", us))
	}
	return []target{
		{"Process, 10 at a time, faster than asynq", "≥ 10×", over("BenchmarkProcess10", "asynq"), times, atLeast(10)},
		{"Process, 100 at a time, faster than asynq", "≥ 10×", over("BenchmarkProcess100", "asynq"), times, atLeast(10)},
		{"Process, 10 at a time, faster than River, its defaults", "≥ 2×", over("BenchmarkProcess10", "river"), times, atLeast(2)},
		{"Process, 100 at a time, faster than River, its defaults", "≥ 2×", over("BenchmarkProcess100", "river"), times, atLeast(2)},
		{"Process, 10 at a time, faster than River, its fastest settings", "≥ 2×", over("BenchmarkProcess10", "river-eager"), times, atLeast(2)},
		{"Process, 100 at a time, faster than River, its fastest settings", "≥ 2×", over("BenchmarkProcess100", "river-eager"), times, atLeast(2)},
		{"Enqueue, 64 goroutines, faster than asynq", "≥ 3×", over("BenchmarkEnqueue64", "asynq"), times, atLeast(3)},
		{"Enqueue, 1 goroutine, faster than asynq", "-", over("BenchmarkEnqueue1", "asynq"), times, nil},
		{"Enqueue 100 with one call, faster than asynq with 64 goroutines", "≥ 3×", asynqAlone("64"), times, atLeast(3)},
		{"Enqueue 100 with one call, faster than asynq with 1 goroutine", "≥ 3×", asynqAlone("1"), times, atLeast(3)},
		{"Redis CPU of a task: process 100 at a time", "≤ 10 µs", spreadOf(redis("BenchmarkProcess100")), duration, atMost(10e3)},
		{"Redis CPU of a task: process 10 at a time", "≤ 10 µs", spreadOf(redis("BenchmarkProcess10")), duration, atMost(10e3)},
		{"Redis CPU of a task: enqueue 100 with one call, process 100 at a time", "≤ 10 µs", spreadOf(sums(redis("BenchmarkEnqueueBatch"), redis("BenchmarkProcess100"))), duration, atMost(10e3)},
		{"Redis CPU of a task: enqueue from 64 goroutines, process 100 at a time", "≤ 10 µs", spreadOf(sums(redis("BenchmarkEnqueue64"), redis("BenchmarkProcess100"))), duration, atMost(10e3)},
		{"Start of a task by an idle worker, p99", "≤ 5 ms", spreadOf(r.values("BenchmarkStartLatency", us, tasks.Late)), duration, atMost(5e6)},
	}
}

// sums adds round by round.
func sums(a, b []float64) []float64 {
	s := make([]float64, min(len(a), len(b)))
	for i := range s {
		s[i] = a[i] + b[i]
	}
	return s
}

// QueueMarkdown is the generated part about the queue and the outbox.
func QueueMarkdown(m Machine, tasks, commits *Rounds) string {
	t, c := TaskContest(), CommitContest()
	return strings.Join([]string{
		m.String(),
		"#### Targets of the queue and the outbox\n\n" + targetTable(append(taskTargets(tasks), commitTargets(commits)...)),
		"#### The same tasks\n\n" + t.overview(tasks),
		"#### The same commits\n\n" + c.overview(commits),
		"#### How far the rounds of the queue and the outbox lie apart\n\n" + t.details(tasks) + "\n" + c.details(commits),
	}, "\n")
}
