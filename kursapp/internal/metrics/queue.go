package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/speedlayer/speedlayer/queue"
)

// QueueSource is a queue that is asked for its counts; *queue.Queue is one.
type QueueSource interface {
	Name() string
	Stats(ctx context.Context) (queue.Stats, error)
}

// WatchQueues shows what the queues hold. It is called once.
func (m *Metrics) WatchQueues(queues ...QueueSource) {
	m.registry.MustRegister(queueCollector{queues})
}

// queueCollector asks Redis when somebody asks for the numbers.
type queueCollector struct{ queues []QueueSource }

const (
	labelQueue = "queue"
	labelState = "state"
)

// queueTasks has the state as a second label: a task is in one of them.
var queueTasks = prometheus.NewDesc("kursapp_queue_tasks", "Tasks of the queue by state.", []string{labelQueue, labelState}, nil)

var queueStates = map[queue.State]func(queue.Stats) int64{
	queue.StateWaiting:   func(s queue.Stats) int64 { return s.Waiting },
	queue.StateRunning:   func(s queue.Stats) int64 { return s.Running },
	queue.StateScheduled: func(s queue.Stats) int64 { return s.Scheduled },
	queue.StateRetrying:  func(s queue.Stats) int64 { return s.Retrying },
	queue.StateDead:      func(s queue.Stats) int64 { return s.Dead },
}

// queueNumber is one metric that is read from queue.Stats.
type queueNumber struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(queue.Stats) float64
}

func ofQueue(name, help string, kind prometheus.ValueType, value func(queue.Stats) float64) queueNumber {
	return queueNumber{prometheus.NewDesc("kursapp_queue_"+name, help, []string{labelQueue}, nil), kind, value}
}

// The totals are those of the queue: all instances show the same, so they are not to
// be added up.
var queueNumbers = []queueNumber{
	ofQueue("suspects", "Those of the waiting tasks that run alone, because they may have crashed a worker.", prometheus.GaugeValue, func(s queue.Stats) float64 { return float64(s.Suspects) }),
	ofQueue("latency_seconds", "How long the oldest waiting task has waited; 0: none waits.", prometheus.GaugeValue, func(s queue.Stats) float64 { return s.Latency.Seconds() }),
	ofQueue("workers", "Workers of all processes that are alive.", prometheus.GaugeValue, func(s queue.Stats) float64 { return float64(s.Workers) }),
	ofQueue("paused", "1 while no task is started.", prometheus.GaugeValue, func(s queue.Stats) float64 { return flag(s.Paused) }),
	ofQueue("processed_total", "Runs that succeeded, in all processes.", prometheus.CounterValue, func(s queue.Stats) float64 { return float64(s.Processed) }),
	ofQueue("failed_total", "Runs that ended in an error, in all processes.", prometheus.CounterValue, func(s queue.Stats) float64 { return float64(s.Failed) }),
	ofQueue("died_total", "Tasks that became dead letters, in all processes.", prometheus.CounterValue, func(s queue.Stats) float64 { return float64(s.Died) }),
}

// Describe implements prometheus.Collector.
func (queueCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- queueTasks
	for _, n := range queueNumbers {
		ch <- n.desc
	}
}

// statsTimeout bounds the question to Redis.
const statsTimeout = time.Second

// Collect implements prometheus.Collector. While a queue cannot be asked, it is not
// shown.
func (c queueCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), statsTimeout)
	defer cancel()
	var asked sync.WaitGroup
	for _, q := range c.queues {
		asked.Go(func() {
			s, err := q.Stats(ctx)
			if err != nil {
				return
			}
			for state, count := range queueStates {
				ch <- prometheus.MustNewConstMetric(queueTasks, prometheus.GaugeValue, float64(count(s)), q.Name(), string(state))
			}
			for _, n := range queueNumbers {
				ch <- prometheus.MustNewConstMetric(n.desc, n.kind, n.value(s), q.Name())
			}
		})
	}
	asked.Wait()
}
