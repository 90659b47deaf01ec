package outboxpgx_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// newRole returns the name of a new role; roles are of the whole server.
func newRole(t *testing.T, pool *pgxpool.Pool, name string) string {
	t.Helper()
	role := pool.Config().ConnConfig.Database + name
	exec(t, pool, `CREATE ROLE `+role)
	t.Cleanup(func() { // the test's own context has ended
		if _, err := pool.Exec(context.Background(), `DROP OWNED BY `+role+` CASCADE; DROP ROLE `+role); err != nil {
			t.Error(err)
		}
	})
	return role
}

// as returns a connection with the rights of role.
func as(t *testing.T, url, role string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	exec(t, conn, `SET SESSION AUTHORIZATION `+role)
	return conn
}

func TestAWriterNeedsNoRightsOnTheOutbox(t *testing.T) {
	t.Parallel()
	pool := database(t)
	role := newRole(t, pool, "_writer")
	exec(t, pool, `CREATE TABLE t (id int PRIMARY KEY);
		GRANT ALL ON t TO `+role+`; SELECT speedlayer.outbox_watch('t', 'user', 'id')`)
	writer := as(t, pool.Config().ConnString(), role)
	exec(t, writer, `INSERT INTO t VALUES (1)`)
	exec(t, writer, `TRUNCATE t`)
	if got, want := written(t, pool), []string{"invalidate user 1", "invalidate_all user "}; !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
	for _, sql := range []string{
		`INSERT INTO speedlayer.outbox (kind, target) VALUES ('task', 'mail')`,
		`SELECT * FROM speedlayer.outbox`,
		`SELECT speedlayer.outbox_enqueue('mail', '{}')`,
		`SELECT speedlayer.outbox_watch('t', 'x', 'id')`,
	} {
		if _, err := writer.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v, want permission denied", sql, err)
		}
	}

	exec(t, pool, `GRANT USAGE ON SCHEMA speedlayer TO `+role+`;
		GRANT EXECUTE ON FUNCTION speedlayer.outbox_enqueue TO `+role)
	exec(t, writer, `SELECT speedlayer.outbox_enqueue('mail', '{}', 'welcome')`)
	if got, want := written(t, pool), []string{"task mail welcome"}; !slices.Equal(got, want) {
		t.Errorf("with the right to enqueue: wrote %q, want %q", got, want)
	}
	if _, err := writer.Exec(t.Context(), `INSERT INTO speedlayer.outbox (kind, target) VALUES ('task', 'mail')`); err == nil {
		t.Error("the right to enqueue is a right on the table")
	}
}

func TestARelayNeedsTheRightsThatAreDocumented(t *testing.T) {
	t.Parallel()
	owner := database(t)
	role := newRole(t, owner, "_relay")
	exec(t, owner, `ALTER ROLE `+role+` LOGIN; GRANT USAGE ON SCHEMA speedlayer TO `+role+`;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA speedlayer TO `+role+`;
		GRANT SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA speedlayer TO `+role)
	config := owner.Config()
	config.ConnConfig.User = role
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	source := newSource(t, pool, outboxpgx.Options{})
	exec(t, owner, `SELECT speedlayer.outbox_invalidate('t', '1'), speedlayer.outbox_enqueue('q', '{}', durable => true)`)
	_, delivered, err := source.Take(t.Context(), 10, confirm)
	if err != nil || delivered != 2 {
		t.Errorf("Take: %d, %v", delivered, err)
	}
	_, sweepErr := source.Sweep(t.Context())
	repeated, repeatErr := source.Repeat(t.Context(), "a")
	if repeated != 2 {
		t.Errorf("repeated %d rows, want both", repeated)
	}
	_, _, backlogErr := source.Backlog(t.Context())
	if err := errors.Join(sweepErr, repeatErr, backlogErr, source.Complete(t.Context(), 1, 2), source.Wait(t.Context(), time.Millisecond)); err != nil {
		t.Error(err)
	}
}

// TestAWriterCannotSlipInObjectsOfHisOwn gives the writer's session tables,
// functions and operators with the names that the triggers use, in schemas that
// come first in his search_path.
func TestAWriterCannotSlipInObjectsOfHisOwn(t *testing.T) {
	t.Parallel()
	pool := database(t)
	role := newRole(t, pool, "_evil")
	exec(t, pool, `CREATE TABLE public.t (id int PRIMARY KEY, name text); CREATE SCHEMA evil AUTHORIZATION `+role+`;
		GRANT ALL ON public.t TO `+role+`;
		SELECT speedlayer.outbox_watch('public.t', 'user', 'id', tags => '{"users": "all"}', columns => '{name}');
		SELECT speedlayer.outbox_watch('public.t', 'name', 'name', each_row => true, columns => '{id}')`)
	writer := as(t, pool.Config().ConnString(), role)
	exec(t, writer, `
		CREATE FUNCTION evil.stolen(int, int) RETURNS boolean LANGUAGE plpgsql AS
			'BEGIN RAISE EXCEPTION ''evil code ran as %'', current_user; END';
		CREATE FUNCTION evil.stolen(text, text) RETURNS boolean LANGUAGE plpgsql AS
			'BEGIN RAISE EXCEPTION ''evil code ran as %'', current_user; END';
		CREATE FUNCTION evil.stolen(record, record) RETURNS boolean LANGUAGE plpgsql AS
			'BEGIN RAISE EXCEPTION ''evil code ran as %'', current_user; END';
		CREATE FUNCTION evil.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS
			'BEGIN RAISE EXCEPTION ''evil code ran as %'', current_user; END';
		CREATE FUNCTION evil.pg_sequence_last_value(regclass) RETURNS bigint LANGUAGE plpgsql AS
			'BEGIN RAISE EXCEPTION ''evil code ran as %'', current_user; END';
		CREATE FUNCTION evil.stolen(bigint, int) RETURNS boolean LANGUAGE plpgsql AS
			'BEGIN RAISE EXCEPTION ''evil code ran as %'', current_user; END';
		CREATE AGGREGATE evil.count(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = 1);
		CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS
			'BEGIN RAISE EXCEPTION ''evil code ran as %'', current_user; END';
		CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.stolen);
		CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.stolen);
		CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = int, FUNCTION = evil.stolen);
		CREATE OPERATOR evil.*<> (LEFTARG = record, RIGHTARG = record, FUNCTION = evil.stolen);
		CREATE TYPE evil.text AS ENUM ('evil');
		CREATE TYPE evil.record AS ENUM ('evil');
		CREATE TEMP TABLE outbox (LIKE public.t);
		CREATE TEMP TABLE speedlayer_new (id int, name text);
		CREATE TEMP TABLE speedlayer_old (id int, name text);
		CREATE TEMP TABLE changed (key text);
		SET search_path = evil, pg_temp, pg_catalog, public`)
	exec(t, pool, `SELECT setval('speedlayer.outbox_asleep', extract(epoch FROM now() + interval '1 hour')::bigint)`)
	exec(t, writer, `INSERT INTO public.t VALUES (1, 'a')`)
	exec(t, writer, `UPDATE public.t SET name = 'b'`)
	exec(t, writer, `INSERT INTO public.t VALUES (2, 'a')`)
	exec(t, writer, `UPDATE public.t SET name = 'c'`)
	exec(t, writer, `DELETE FROM public.t`)
	want := []string{
		"invalidate name a", "invalidate name a", "invalidate name a", "invalidate name a", "invalidate name b",
		"invalidate name b", "invalidate name c", "invalidate name c", "invalidate name c", "invalidate name c",
		"invalidate user 1", "invalidate user 1", "invalidate user 1", "invalidate user 1",
		"invalidate user 2", "invalidate user 2", "invalidate user 2",
		"invalidate_tag users all", "invalidate_tag users all", "invalidate_tag users all", "invalidate_tag users all", "invalidate_tag users all",
	}
	if got := written(t, pool); !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

// TestACastOfSomebodysOwnFindsWhatItsOwnerMeant has the key become text by a function
// that names others without their schema, and a writer who would like to be found.
func TestACastOfSomebodysOwnFindsWhatItsOwnerMeant(t *testing.T) {
	t.Parallel()
	pool := database(t)
	role := newRole(t, pool, "_caster")
	exec(t, pool, `CREATE TYPE public.pair AS (a int, b int); CREATE SCHEMA evil AUTHORIZATION `+role+`;
		CREATE FUNCTION public.shown(public.pair) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN upper(''x'') || $1.a; END';
		CREATE CAST (public.pair AS text) WITH FUNCTION public.shown(public.pair);
		CREATE TABLE public.t (id public.pair); GRANT ALL ON public.t TO `+role+`;
		SELECT speedlayer.outbox_watch('public.t', 'pair', 'id')`)
	writer := as(t, pool.Config().ConnString(), role)
	exec(t, writer, `CREATE FUNCTION evil.upper(text) RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
		SET search_path = evil, pg_catalog, public`)
	exec(t, writer, `INSERT INTO public.t VALUES (ROW(7, 8)::public.pair)`)
	if got, want := written(t, pool), []string{"invalidate pair X7"}; !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
}
