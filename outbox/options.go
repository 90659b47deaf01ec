package outbox

import "time"

// Options set the pace of a Relay. The zero value works.
type Options struct {
	// BatchSize is how many rows are taken at once. Range 1 to 1,000.
	// Default: 1,000.
	BatchSize int
	// Deadline bounds one batch from taking it to marking it, so that a stalled
	// Redis holds no row locks for longer. Three quarters of it are for the sink.
	// Default: 1 s.
	Deadline time.Duration
	// MinPause and MaxPause bound the pauses between looks after work: short ones
	// first, doubling until the relay goes to sleep. While rows keep coming they grow
	// to four times MinPause, so that rows gather in batches.
	// A transaction that commits within MaxPause of its last statement is never
	// noticed late. Default: 2 ms and 50 ms.
	MinPause, MaxPause time.Duration
	// PollInterval is how long the relay sleeps at most, unless the source or Wake
	// wakes it. Default: 1 s.
	PollInterval time.Duration
	// MaxBackoff bounds the pause after a failure; it doubles from MinPause.
	// Default: 250 ms.
	MaxBackoff time.Duration
	// CheckInterval is how often the sink is asked for its identity, and so, with
	// Deadline, how long it takes until Redis's loss of data is noticed.
	// Default: 500 ms.
	CheckInterval time.Duration
	// SweepInterval is how often rows that were delivered long ago are removed.
	// Default: 5 s.
	SweepInterval time.Duration
	// OnDelivered is told of each row that Redis confirmed, after it was marked, and
	// of the time from its writing to the confirmation; 0 for rows that were
	// repeated. It must not block. Default: none.
	OnDelivered func(row Row, latency time.Duration)
	// OnError is told of every failure, and of rows that the sink did not confirm.
	// It may be called from several goroutines and must not block. Default: none.
	OnError func(error)
}

const maxBatchSize = 1000

func (o Options) withDefaults() Options {
	if o.BatchSize <= 0 || o.BatchSize > maxBatchSize {
		o.BatchSize = maxBatchSize
	}
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&o.Deadline, time.Second},
		{&o.MinPause, 2 * time.Millisecond},
		{&o.MaxPause, 50 * time.Millisecond},
		{&o.PollInterval, time.Second},
		{&o.MaxBackoff, 250 * time.Millisecond},
		{&o.CheckInterval, 500 * time.Millisecond},
		{&o.SweepInterval, 5 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.fallback
		}
	}
	if o.OnDelivered == nil {
		o.OnDelivered = func(Row, time.Duration) {}
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	return o
}
