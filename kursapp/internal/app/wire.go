package app

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/httpapi"
	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/metrics"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/queue"
	"github.com/speedlayer/speedlayer/ratelimit"
	"github.com/speedlayer/speedlayer/session"
)

// absentTTL is how long it is remembered that there is no such user, short because
// anybody can ask for any number of them. A user who
// registers is there at once; one whom somebody adds past this service, after that.
const absentTTL = 10 * time.Second

// services are the parts of an App that do its work.
type services struct {
	handler http.Handler
	metrics http.Handler // nil: not served
	watch   *cacheWatch
	workers []*queue.Worker
	relay   *outbox.Relay
	audit   *kurs.AuditLog
	// completer is nil where no worker runs.
	completer *outbox.Completer
	close     func()
}

// build makes all parts and connects them. Nothing runs yet.
func (a *App) build() (*services, error) {
	watch := a.newCacheWatch()
	sessions := a.newSessions(watch)
	limiter := a.newLimiter(watch.metrics)
	policies := kurs.NewPolicies(kurs.DefaultPolicy())
	if a.limitsFile != nil {
		policies = a.limitsFile.Policies()
	}
	mails := queue.New(a.redis, jobs.MailQueue, jobs.QueueOptions())
	accountMails := queue.New(a.redis, jobs.AccountMailQueue, jobs.QueueOptions())

	hasher, err := kurs.NewHasher(kurs.HasherOptions{})
	if err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	users := kurs.NewUsers(kurs.UsersDeps{
		Store:        a.store,
		Client:       a.redis,
		Sessions:     sessions,
		CacheOptions: cache.Options{LocalBytes: a.localBytes, NegativeTTL: absentTTL, Observer: watch},
		ConfirmEmail: jobs.NewConfirmations(accountMails),
		Limiter:      limiter,
		EmailChanged: jobs.EmailChangedTask,
		Policies:     policies,
		Logger:       a.log,
	})
	watch.stats = users.CacheStats
	a.feedMonitor(watch, sessions, limiter, mails, accountMails)
	audit := kurs.NewAuditLog(a.store, nil, a.log)
	accounts := kurs.NewAccounts(kurs.AccountsDeps{
		Store:    a.store,
		Users:    users,
		Sessions: sessions,
		Limiter:  limiter,
		Policies: policies,
		Welcome:  jobs.WelcomeTask,

		PasswordChanged: jobs.PasswordChangedTask,
		PasswordReset:   jobs.PasswordResetTask,

		Hasher: hasher,
		Audit:  audit,
		Demo:   a.mode == ModeDemo,
		Logger: a.log,
	})
	comparisons := a.newComparisons()
	s := &services{watch: watch, audit: audit, close: func() {
		comparisons.Close()
		audit.Close()
		sessions.Close()
		users.Close()
		limiter.Close()
	}}
	s.relay = a.newRelay(&sink{
		users:    users,
		sessions: accounts,
		queues:   map[string]tasks{jobs.MailQueue: taskQueue{mails}, jobs.AccountMailQueue: taskQueue{accountMails}},
		identity: a.identity,
	}, watch)
	deps := httpapi.Deps{
		Users: users, Accounts: accounts, Sessions: sessions, Limits: kurs.NewLimits(limiter, policies, audit),
		Queues: kurs.NewQueues(audit, mails, accountMails), RedisHealthy: a.redis.Healthy,
		Comparisons: comparisons,
	}
	a.addDashboard(&deps, watch.live)
	if s.handler, err = a.handler(deps, mails); err != nil {
		s.close()
		return nil, fmt.Errorf("app: %w", err)
	}
	if watch.metrics != nil {
		watch.metrics.WatchQueues(mails, accountMails)
		s.metrics = watch.metrics.Handler(a.log)
	}
	if a.worker {
		s.completer = outbox.NewCompleter(a.outbox, func(err error) {
			a.log.Warn("the outbox keeps tasks that are over; it is told again", "error", err)
		})
		s.workers = a.mailWorkers(accounts, mails, accountMails, a.completing(s.completer, watch))
	}
	return s, nil
}

// newSessions returns the sessions, and has watch show what becomes of them.
func (a *App) newSessions(watch *cacheWatch) *kurs.Sessions {
	o := session.Options{Realm: string(a.mode), LocalBytes: a.localSessionBytes}
	if o.LocalBytes == 0 {
		o.LocalBytes = -1
	}
	o.OnEvent = func(e session.Event) {
		watch.live.SessionEvent(e)
		if watch.metrics != nil {
			watch.metrics.SessionEvent(e)
		}
	}
	sessions := kurs.NewSessions(a.redis, o)
	if watch.metrics != nil {
		watch.metrics.WatchSessions(sessions.Stats)
	}
	return sessions
}

// newLimiter returns the limiter, and has m show what it decides.
func (a *App) newLimiter(m *metrics.Metrics) *ratelimit.Limiter {
	limiter := ratelimit.New(a.redis, ratelimit.Options{OnDegraded: func(degraded bool, err error) {
		if degraded {
			a.log.Warn("limits are decided without Redis", "error", err)
		} else {
			a.log.Info("limits are decided by Redis again")
		}
	}})
	if m != nil {
		policy := kurs.DefaultPolicy() // another one has the same names
		var names []string
		for _, l := range policy.Limits() {
			names = append(names, l.Rule.Name)
		}
		m.WatchLimits(limiter.Stats, names)
	}
	return limiter
}

// newCacheWatch returns the observer of the users' cache. Its stats are still to
// be set.
func (a *App) newCacheWatch() *cacheWatch {
	level := slog.LevelDebug
	if a.mode == ModeDemo {
		level = slog.LevelInfo
	}
	w := &cacheWatch{cacheLog: newCacheLog(a.log, level), live: a.newMonitor()}
	if a.metricsListener != nil {
		w.metrics = metrics.New(func() map[string]cache.Stats { return w.stats() })
	}
	return w
}

func (a *App) handler(deps httpapi.Deps, mails *queue.Queue) (http.Handler, error) {
	mode := httpapi.Production
	if a.mode == ModeDemo {
		mode = httpapi.Demo
		deps.Mailbox = mailbox{jobs.NewMailbox(a.redis), mails}
	}
	return httpapi.New(deps, httpapi.Config{Mode: mode, CORSOrigins: a.cors, Proxies: a.proxies, Version: version, Logger: a.log})
}

// mailRoute is where mails go.
type mailRoute struct {
	// sender is how they leave; nil where no mail server is configured.
	sender jobs.Sender
	// toMailbox keeps them in the demo's mailbox instead.
	toMailbox bool
	publicURL string
}

func newMailRoute(m config.Mail) (mailRoute, error) {
	if m.SMTPURL == "" {
		return mailRoute{publicURL: m.PublicURL}, nil
	}
	server, err := jobs.ParseSMTPURL(m.SMTPURL)
	if err != nil {
		return mailRoute{}, config.Usagef("%v", err)
	}
	sender, err := jobs.NewSMTP(server, jobs.SMTPOptions{From: m.MailFrom})
	if err != nil {
		return mailRoute{}, config.Usagef("KURSAPP_MAIL_FROM: %v", err)
	}
	return mailRoute{sender: sender, publicURL: m.PublicURL}, nil
}

// mailWorkers returns the workers of the two mail queues. Without a mail server
// there are none: the tasks stay where they are, use up no attempts, and the
// first worker that has one takes them at once.
func (a *App) mailWorkers(accounts *kurs.Accounts, mails, accountMails *queue.Queue, onEvent func(queue.Event)) []*queue.Worker {
	sender := a.mail.sender
	if a.mail.toMailbox {
		sender = jobs.NewMailbox(a.redis)
	}
	if sender == nil {
		a.log.Warn("SMTP_URL is not set: mail tasks wait in their queues. Set it like " + jobs.SMTPForms)
		return nil
	}
	options := queue.WorkerOptions{Logger: a.log, OnEvent: onEvent}
	return []*queue.Worker{
		queue.NewWorker(mails, jobs.MailHandler(sender), options),
		queue.NewWorker(accountMails, jobs.AccountMailHandler(sender, accounts, a.mail.publicURL), options),
	}
}
