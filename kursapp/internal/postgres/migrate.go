package postgres

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// versionTable records what was applied. It is not goose's default name, so
// that another program in the same database keeps its own.
const versionTable = "public.kursapp_migrations"

// Migration is one step of the schema.
type Migration struct {
	Version int64
	// Name is "00001_users.sql".
	Name string
	// AppliedAt is zero for a migration that is still to come.
	AppliedAt time.Time
}

// Migrate brings the schema up to date and marks the database as production's.
// Of several processes that call it at once, one does the work and the others
// wait for it. A database that is newer than this program is left as it is.
//
// ErrDemoDatabase for a database that a demo marked; kurs.CodeUnavailable
// where PostgreSQL cannot be asked, now or in the middle: what was applied
// then stays, and the next call goes on from there. Any other error will come
// again unless somebody does something about it.
func (s *Store) Migrate(ctx context.Context) error {
	return maintenance("migrate", s.exclusively(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		mode, err := readMode(ctx, conn)
		if err != nil {
			return err
		}
		if mode == ModeDemo {
			return ErrDemoDatabase
		}
		if err := s.up(ctx); err != nil {
			return err
		}
		return dbsqlc.New(conn).SetModeOnce(ctx, string(ModeProduction))
	}))
}

// up applies what is missing. The caller holds the lock; goose's own session
// locker would poll every 5 s and does not cover the creation of its table.
func (s *Store) up(ctx context.Context) (err error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*s.pool.Config().ConnConfig)
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithGoMigrations(outboxMigrations()...),
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return err
	}
	for _, r := range results {
		s.logger.InfoContext(ctx, "database migrated", "version", r.Source.Version, "duration", r.Duration)
	}
	return nil
}

// MigrationStatus lists all migrations that this program knows, in order. It
// changes nothing and needs no lock.
func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) {
	migrations, err := knownMigrations()
	if err != nil {
		return nil, err
	}
	applied, err := read(ctx, s, "migration status", func(ctx context.Context, _ *dbsqlc.Queries) (map[int64]time.Time, error) {
		return appliedMigrations(ctx, s.pool)
	})
	if err != nil {
		return nil, err
	}
	for i := range migrations {
		migrations[i].AppliedAt = applied[migrations[i].Version]
	}
	return migrations, nil
}

// appliedMigrations returns when each version was applied: none before the
// first migration.
func appliedMigrations(ctx context.Context, db dbsqlc.DBTX) (map[int64]time.Time, error) {
	// ForEachRow reports the error of Query as well.
	rows, _ := db.Query(ctx, "SELECT version_id, tstamp::timestamptz FROM "+versionTable+" WHERE is_applied")
	applied := map[int64]time.Time{}
	var version int64
	var at time.Time
	_, err := pgx.ForEachRow(rows, []any{&version, &at}, func() error {
		applied[version] = at.UTC()
		return nil
	})
	if sqlState(err) == undefinedTable {
		return nil, nil
	}
	return applied, err
}

// Ping reports whether PostgreSQL answers and has the schema of this version,
// or a newer one. Where it answers without, the error wraps ErrNotMigrated.
func (s *Store) Ping(ctx context.Context) error {
	known, err := knownMigrations()
	if err != nil {
		return err
	}
	want := known[len(known)-1].Version
	version, err := read(ctx, s, "ping", func(ctx context.Context, _ *dbsqlc.Queries) (version int64, err error) {
		err = s.pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+versionTable+" WHERE is_applied").Scan(&version)
		return version, err
	})
	if err == nil && version < want {
		err = unavailable(fmt.Errorf("postgres: ping: version %d of %d: %w", version, want, ErrNotMigrated))
	}
	return err
}

// knownMigrations lists the embedded files and those in Go, by version.
func knownMigrations() ([]Migration, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	migrations := make([]Migration, len(entries))
	for i, e := range entries {
		version, err := goose.NumericComponent(e.Name())
		if err != nil {
			return nil, err
		}
		migrations[i] = Migration{Version: version, Name: e.Name()}
	}
	migrations = append(migrations, outboxVersions...)
	slices.SortFunc(migrations, func(a, b Migration) int { return cmp.Compare(a.Version, b.Version) })
	return migrations, nil
}
