package live

import (
	"slices"
	"time"
)

// Status is whether what kursapp stands on is there.
type Status struct {
	T        int64        `json:"t"`
	Database Health       `json:"database"`
	Redis    Health       `json:"redis"`
	Worker   WorkerHealth `json:"worker"`
	Instance Instance     `json:"instance"`
	Features []Feature    `json:"features" nullable:"false"`
}

// Health is whether something answers.
type Health struct {
	OK    *bool  `json:"ok" doc:"Null before it was asked."`
	Since int64  `json:"since" doc:"When that began, in milliseconds since 1970."`
	Ping  int64  `json:"ping_us" doc:"How long the last answer took."`
	Err   string `json:"error"`
}

// WorkerHealth is whether each queue has a worker, here or in another process.
type WorkerHealth struct {
	OK      *bool `json:"ok" doc:"Null where Redis cannot be asked."`
	Since   int64 `json:"since" doc:"When that began, in milliseconds since 1970."`
	Workers int   `json:"workers"`
}

// Instance is this process.
type Instance struct {
	Uptime  int64  `json:"uptime_ms"`
	Version string `json:"version"`
}

// Feature is what works now: ok; degraded, where it works by other means or with bounds;
// or down.
type Feature struct {
	Name  string `json:"name" enum:"cache,sessions,limits,tasks"`
	State string `json:"state" enum:"ok,degraded,down"`
}

// statusInterval is how often the status goes out while nothing changes.
const statusInterval = 5 * time.Second

// yes and no are what Health.OK points to.
var yes, no = true, false

func truth(b bool) *bool {
	if b {
		return &yes
	}
	return &no
}

// turned returns since when something is as it is now.
func turned(before, now *bool, since, at int64) int64 {
	if since != 0 && before == now {
		return since
	}
	return at
}

// look makes the status of now, which is compared to the one before.
func (m *Monitor) look(now time.Time, before Status) Status {
	at := now.UnixMilli()
	s := Status{T: at, Instance: Instance{Uptime: now.Sub(m.info.Started).Milliseconds(), Version: m.info.Version}}
	s.Database = health(&m.database, now)
	s.Database.Since = turned(before.Database.OK, s.Database.OK, before.Database.Since, at)
	s.Redis = health(&m.redis, now)
	s.Redis.Since = turned(before.Redis.OK, s.Redis.OK, before.Redis.Since, at)
	if queues, known := m.queues.found(now); known && queues.err == nil {
		all := len(queues.value) > 0
		for _, q := range queues.value {
			all = all && q.Workers > 0
			s.Worker.Workers += q.Workers
		}
		s.Worker.OK = truth(all)
	}
	s.Worker.Since = turned(before.Worker.OK, s.Worker.OK, before.Worker.Since, at)
	s.Features = features(s)
	return s
}

func health(p *probe[struct{}], now time.Time) Health {
	f, known := p.found(now)
	if !known {
		return Health{}
	}
	h := Health{OK: truth(f.err == nil), Err: short(f.err)}
	if f.err == nil {
		h.Ping = max(1, f.took.Microseconds())
	}
	return h
}

// features says what follows for what kursapp does. What is not known yet counts as well.
func features(s Status) []Feature {
	redis, database := s.Redis.OK != &no, s.Database.OK != &no
	state := func(ok, works bool) string {
		switch {
		case ok:
			return "ok"
		case works:
			return "degraded"
		}
		return "down"
	}
	return []Feature{
		// Without Redis the database answers, without the database what is cached.
		{"cache", state(redis && database, redis || database)},
		// Those in memory go on for a second, and then nobody is let in.
		{"sessions", state(redis, false)},
		// Each rule says what holds without Redis.
		{"limits", state(redis, true)},
		// Without workers, tasks wait; so they do in the database without Redis.
		{"tasks", state(redis && s.Worker.OK != &no, database)},
	}
}

// differs reports whether somebody should hear of it at once.
func (s Status) differs(o Status) bool {
	return s.Database.OK != o.Database.OK || s.Redis.OK != o.Redis.OK || s.Worker.OK != o.Worker.OK ||
		s.Worker.Workers != o.Worker.Workers || !slices.Equal(s.Features, o.Features)
}
