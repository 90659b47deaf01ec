package app

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/queue"
)

// queueStats is what `kursapp queue stats` prints of one queue.
type queueStats struct {
	Queue          string      `json:"queue"`
	Waiting        int64       `json:"waiting"`
	Running        int64       `json:"running"`
	Scheduled      int64       `json:"scheduled"`
	Retrying       int64       `json:"retrying"`
	Suspects       int64       `json:"suspects"`
	Dead           int64       `json:"dead"`
	LatencySeconds float64     `json:"latency_seconds"`
	Workers        int         `json:"workers"`
	Paused         bool        `json:"paused"`
	Processed      int64       `json:"processed"`
	Failed         int64       `json:"failed"`
	Died           int64       `json:"died"`
	Rates          *queueRates `json:"per_second,omitempty"`
}

// queueRates are runs per second.
type queueRates struct {
	Processed float64 `json:"processed"`
	Failed    float64 `json:"failed"`
	Died      float64 `json:"died"`
}

// rateInterval lies between the two samples of a rate.
const rateInterval = time.Second

func (q *queues) stats(ctx context.Context, c config.QueueStats) error {
	names := queueNames
	if c.Queue != "" {
		names = []string{c.Queue}
	}
	all, err := q.count(ctx, names)
	if err != nil {
		return err
	}
	if c.Rates {
		begin := time.Now()
		select {
		case <-time.After(rateInterval):
		case <-ctx.Done():
			return ctx.Err()
		}
		before := all
		if all, err = q.count(ctx, names); err != nil {
			return err
		}
		for i := range all {
			all[i].Rates = ratesBetween(before[i], all[i], time.Since(begin))
		}
	}
	if c.JSON {
		return printJSON(q.out, all)
	}
	return q.printStats(all)
}

func (q *queues) count(ctx context.Context, names []string) ([]queueStats, error) {
	all := make([]queueStats, len(names))
	for i, name := range names {
		s, err := q.open(name).Stats(ctx)
		if err != nil {
			return nil, err
		}
		all[i] = newQueueStats(name, s)
	}
	return all, nil
}

func newQueueStats(name string, s queue.Stats) queueStats {
	return queueStats{
		Queue: name, Waiting: s.Waiting, Running: s.Running, Scheduled: s.Scheduled, Retrying: s.Retrying,
		Suspects: s.Suspects, Dead: s.Dead, LatencySeconds: s.Latency.Seconds(), Workers: s.Workers,
		Paused: s.Paused, Processed: s.Processed, Failed: s.Failed, Died: s.Died,
	}
}

// ratesBetween compares two samples. The totals begin anew where Redis lost its data.
func ratesBetween(before, after queueStats, took time.Duration) *queueRates {
	rate := func(before, after int64) float64 { return float64(max(0, after-before)) / took.Seconds() }
	return &queueRates{
		Processed: rate(before.Processed, after.Processed),
		Failed:    rate(before.Failed, after.Failed),
		Died:      rate(before.Died, after.Died),
	}
}

func (q *queues) printStats(all []queueStats) error {
	table := tabwriter.NewWriter(q.out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "QUEUE\tWAITING\tRUNNING\tSCHEDULED\tRETRYING\tSUSPECTS\tDEAD\tLATENCY\tWORKERS\tPAUSED\tPROCESSED\tFAILED\tDIED")
	if all[0].Rates != nil {
		fmt.Fprint(table, "\tPROCESSED/S\tFAILED/S\tDIED/S")
	}
	fmt.Fprintln(table)
	for _, s := range all {
		latency := time.Duration(s.LatencySeconds * float64(time.Second)).Round(time.Millisecond)
		paused := "no"
		if s.Paused {
			paused = "yes"
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%v\t%d\t%s\t%d\t%d\t%d", s.Queue, s.Waiting, s.Running,
			s.Scheduled, s.Retrying, s.Suspects, s.Dead, latency, s.Workers, paused, s.Processed, s.Failed, s.Died)
		if r := s.Rates; r != nil {
			fmt.Fprintf(table, "\t%.1f\t%.1f\t%.1f", r.Processed, r.Failed, r.Died)
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}
