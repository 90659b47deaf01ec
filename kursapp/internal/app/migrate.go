package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redisx"
	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres"
)

// openPostgres opens the store that DATABASE_URL names. It connects later.
func openPostgres(url string, log *slog.Logger) (*postgres.Store, error) {
	store, err := postgres.Open(postgres.Config{URL: url, Logger: log})
	if errors.Is(err, postgres.ErrURL) {
		return nil, config.Usagef("DATABASE_URL: %v", err)
	}
	return store, err
}

// parseRedisURL reads REDIS_URL.
func parseRedisURL(url string) (rueidis.ClientOption, error) {
	options, err := redisx.ParseURL(url)
	if err != nil {
		return options, config.Usagef("REDIS_URL: %v", err)
	}
	return options, nil
}

// ownership turns what a guard refuses into advice, with the exit code of a
// configuration that has to be changed.
func ownership(err error) error {
	for _, refused := range []error{postgres.ErrDemoDatabase, postgres.ErrNotLoopback, postgres.ErrNotEmpty, postgres.ErrNotDemo} {
		if errors.Is(err, refused) {
			return config.Usagef("DATABASE_URL: %v", err)
		}
	}
	if errors.Is(err, errForeignRedis) {
		return config.Usagef("REDIS_URL: %v", err)
	}
	return err
}

func migrateUp(ctx context.Context, c config.MigrateUp, log *slog.Logger, out io.Writer) error {
	store, err := openPostgres(c.DatabaseURL, log)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		return ownership(err)
	}
	_, err = fmt.Fprintln(out, "The schema is up to date.")
	return err
}

func migrateStatus(ctx context.Context, c config.MigrateStatus, log *slog.Logger, out io.Writer) error {
	store, err := openPostgres(c.DatabaseURL, quiet(log))
	if err != nil {
		return err
	}
	defer store.Close()
	migrations, err := store.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	mode, err := store.Mode(ctx)
	if err != nil {
		return err
	}
	if mode == postgres.ModeNone {
		mode = "nobody yet"
	}
	fmt.Fprintf(out, "The database belongs to: %s\n", mode)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, m := range migrations {
		state := "pending"
		if !m.AppliedAt.IsZero() {
			state = "applied " + m.AppliedAt.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\n", m.Name, state)
	}
	return table.Flush()
}

func migrateUndemo(ctx context.Context, c config.MigrateUndemo, log *slog.Logger, out io.Writer) error {
	store, err := openPostgres(c.DatabaseURL, quiet(log))
	if err != nil {
		return err
	}
	defer store.Close()
	// The database first: a demo that still runs on it ends within a second or
	// two, and cannot mark the Redis again.
	deleted, err := store.Undemo(ctx)
	switch {
	case errors.Is(err, postgres.ErrNotDemo) && c.RedisURL != "":
		fmt.Fprintln(out, "PostgreSQL: the database belongs to no demo; nothing was changed there.")
	case err != nil:
		return ownership(err)
	default:
		fmt.Fprintf(out, "PostgreSQL: %d sample users deleted. The database is an ordinary one now.\n", deleted)
	}
	if c.RedisURL == "" {
		return nil
	}
	// Demos that still run notice within a second and stop; until then they
	// would mark the Redis again.
	select {
	case <-time.After(3 * ownerInterval):
	case <-ctx.Done():
		return ctx.Err()
	}
	keys, err := undemoRedis(ctx, c.RedisURL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Redis: %d keys of the demo deleted.\n", keys)
	return err
}

func undemoRedis(ctx context.Context, url string) (int, error) {
	options, err := parseRedisURL(url)
	if err != nil {
		return 0, err
	}
	client, err := rueidis.NewClient(options)
	if err != nil {
		return 0, fmt.Errorf("REDIS_URL: %w", err)
	}
	defer client.Close()
	return clearDemoRedis(ctx, client)
}
