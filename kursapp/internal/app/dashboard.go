package app

import (
	"context"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/httpapi"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/live"
	"github.com/speedlayer/speedlayer/kursapp/internal/webui"
	"github.com/speedlayer/speedlayer/queue"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// dashboardAbout is what the dashboard says that kursapp runs on.
type dashboardAbout struct{ database, redis string }

// newMonitor returns what watches this process for the dashboard, nil where no HTTP is
// served.
func (a *App) newMonitor() *live.Monitor {
	if a.listener == nil {
		return nil
	}
	return live.New(live.Info{
		Version: version, Mode: string(a.mode), Started: time.Now(),
		Database: a.about.database, Redis: a.about.redis,
	})
}

// feedMonitor tells the monitor, where there is one, what to look at.
func (a *App) feedMonitor(watch *cacheWatch, sessions *kurs.Sessions, limiter *ratelimit.Limiter, queues ...*queue.Queue) {
	if watch.live == nil {
		return
	}
	watch.live.Watch(live.Sources{
		Cache: watch.stats,
		Lookups: func() (local, redis uint64) {
			s := sessions.Stats()
			return s.LocalHits, s.RedisLookups
		},
		Limits:   func() live.LimitWork { return limitWork(limiter.Stats()) },
		Queues:   func(ctx context.Context) ([]live.QueueState, error) { return queueStates(ctx, queues) },
		Backlog:  a.backlog,
		Database: a.store.Ping,
		Redis:    a.pingRedis,
	})
}

// addDashboard gives the HTTP side the dashboard and what feeds it.
func (a *App) addDashboard(deps *httpapi.Deps, monitor *live.Monitor) {
	if monitor != nil { // else deps.Live would not be nil either
		deps.Live = monitor
	}
	deps.UI = webui.Files()
}

func limitWork(s ratelimit.Stats) (w live.LimitWork) {
	for _, r := range s.Rules {
		w.Admitted += r.Admitted + r.AdmittedWithoutRedis
		w.Denied += r.Denied + r.DeniedFromMemory + r.DeniedWithoutRedis
		w.Remembered += r.DeniedFromMemory
		w.WithoutRedis += r.AdmittedWithoutRedis + r.DeniedWithoutRedis
	}
	return w
}

func queueStates(ctx context.Context, queues []*queue.Queue) ([]live.QueueState, error) {
	states := make([]live.QueueState, len(queues))
	for i, q := range queues {
		s, err := q.Stats(ctx)
		if err != nil {
			return nil, err
		}
		states[i] = live.QueueState{
			Name: q.Name(), Waiting: s.Waiting, Running: s.Running, Scheduled: s.Scheduled, Retrying: s.Retrying, Dead: s.Dead,
			Latency: s.Latency.Milliseconds(), Workers: s.Workers, Paused: s.Paused,
			Processed: s.Processed, Failed: s.Failed, Died: s.Died,
		}
	}
	return states, nil
}

// backlog is what waits in the outbox of a database that is known to have one.
func (a *App) backlog(ctx context.Context) (int, error) {
	if err := a.store.check(); err != nil {
		return 0, err
	}
	rows, _, err := a.outbox.Backlog(ctx)
	return rows, err
}

// pingRedis asks Redis, unless the client knows that it is not there or not to be used.
func (a *App) pingRedis(ctx context.Context) error {
	if err := a.redis.Err(); err != nil {
		return err
	}
	return a.redis.Do(ctx, a.redis.B().Ping().Build()).Error()
}
