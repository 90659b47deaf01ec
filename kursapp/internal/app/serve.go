package app

import (
	"context"
	"log/slog"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres"
	"github.com/speedlayer/speedlayer/ratelimit"
)

func runServe(ctx context.Context, c config.Serve, log *slog.Logger) error {
	a, store, err := production(c.Backends, c.Mail, log)
	if err != nil {
		return err
	}
	defer store.Close()
	if !c.Migrate {
		a.prepare = migratedElsewhere(store)
	}
	a.worker, a.cors, a.localBytes = c.Worker, c.CORSOrigins, c.LocalBytes()
	a.proxies = ratelimit.TrustProxies(c.TrustedPrefixes()...)
	if c.ReadForwarded() {
		a.proxies = a.proxies.Forwarded()
	}
	a.localSessionBytes = c.LocalSessionBytes()
	a.auditRetention = c.AuditRetention()
	if a.limitsFile, err = openLimitsFile(c.LimitsFile, log); err != nil {
		return err
	}
	if a.listener, err = listen(ctx, c.Addr); err != nil {
		return err
	}
	defer a.listener.Close()
	if a.metricsListener, err = listenForMetrics(ctx, c.MetricsAddr); err != nil {
		return err
	}
	if a.metricsListener != nil {
		defer a.metricsListener.Close()
	}
	return a.Run(ctx)
}

func runWorker(ctx context.Context, c config.Worker, log *slog.Logger) error {
	a, store, err := production(c.Backends, c.Mail, log)
	if err != nil {
		return err
	}
	defer store.Close()
	// The schema is the server's business; several versions of the worker may
	// run beside it.
	a.prepare = migratedElsewhere(store)
	a.worker = true
	return a.Run(ctx)
}

// migratedElsewhere prepares a database whose schema somebody else brings up to
// date: it is ready once it is production's and has this version's tables.
func migratedElsewhere(store *postgres.Store) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := store.EnsureProduction(ctx); err != nil {
			return err
		}
		return store.Ping(ctx)
	}
}

// production returns an App on PostgreSQL and Redis, neither of which has to
// be up. The caller closes the store.
func production(b config.Backends, m config.Mail, log *slog.Logger) (*App, *postgres.Store, error) {
	options, err := parseRedisURL(b.RedisURL)
	if err != nil {
		return nil, nil, err
	}
	route, err := newMailRoute(m)
	if err != nil {
		return nil, nil, err
	}
	store, err := openPostgres(b.DatabaseURL, log)
	if err != nil {
		return nil, nil, err
	}
	a := newApp(ModeProduction, log, options, store, store.Migrate)
	a.mail, a.owner = route, store.Mode
	return a, store, nil
}
