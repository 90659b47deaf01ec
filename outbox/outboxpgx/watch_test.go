package outboxpgx_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestWhatAWatchWrites goes through statements one after the other on one table
// per way of watching.
func TestWhatAWatchWrites(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name, table, watch string
		steps              [][]string // a statement and the rows that it writes
	}{
		{
			"key only", `CREATE TABLE t (id bigint PRIMARY KEY, a text)`,
			`SELECT speedlayer.outbox_watch('t', target => 'user', key_column => 'id')`,
			[][]string{
				{`INSERT INTO t VALUES (1, 'x'), (2, 'y')`, "invalidate user 1", "invalidate user 2"},
				{`INSERT INTO t VALUES (1, 'z'), (3, 'z') ON CONFLICT (id) DO UPDATE SET a = excluded.a`, "invalidate user 1", "invalidate user 3"},
				{`UPDATE t SET a = 'w' WHERE id = 2`, "invalidate user 2"},
				{`UPDATE t SET id = 20 WHERE id = 2`, "invalidate user 2", "invalidate user 20"},
				{`UPDATE t SET a = 'w' WHERE id = 99`},
				{
					`MERGE INTO t USING (VALUES (1), (4)) v (id) ON t.id = v.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (v.id, '')`,
					"invalidate user 1", "invalidate user 4",
				},
				{`DELETE FROM t WHERE id = 20`, "invalidate user 20"},
				{`DELETE FROM t WHERE id = 99`},
				{`TRUNCATE t`, "invalidate_all user "},
			},
		},
		{
			"tags and columns", `CREATE TABLE t (id uuid PRIMARY KEY, name text, j json, other int)`,
			`SELECT speedlayer.outbox_watch('t', 'user', 'id', tags => '{"users": ["all", "new"], "stats": "n"}', columns => '{name,j}')`,
			[][]string{
				{
					`INSERT INTO t SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'x', '{}', 0 FROM generate_series(1, 3) n`,
					"invalidate user 00000000-0000-0000-0000-000000000001", "invalidate user 00000000-0000-0000-0000-000000000002",
					"invalidate user 00000000-0000-0000-0000-000000000003",
					"invalidate_tag stats n", "invalidate_tag users all", "invalidate_tag users new",
				},
				{`UPDATE t SET other = 1`},
				{`UPDATE t SET name = name, j = j`},
				{
					`UPDATE t SET j = '{"a": 1}' WHERE id = '00000000-0000-0000-0000-000000000002'`,
					"invalidate user 00000000-0000-0000-0000-000000000002",
					"invalidate_tag stats n", "invalidate_tag users all", "invalidate_tag users new",
				},
				{
					`UPDATE t SET name = NULL WHERE id = '00000000-0000-0000-0000-000000000003'`,
					"invalidate user 00000000-0000-0000-0000-000000000003",
					"invalidate_tag stats n", "invalidate_tag users all", "invalidate_tag users new",
				},
				{
					`UPDATE t SET id = '00000000-0000-0000-0000-00000000000f' WHERE id = '00000000-0000-0000-0000-000000000003'`,
					"invalidate user 00000000-0000-0000-0000-000000000003", "invalidate user 00000000-0000-0000-0000-00000000000f",
					"invalidate_tag stats n", "invalidate_tag users all", "invalidate_tag users new",
				},
				{`TRUNCATE t`, "invalidate_all user ", "invalidate_tag stats n", "invalidate_tag users all", "invalidate_tag users new"},
			},
		},
		{
			"two rows swap what they are", `CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, name text)`,
			`SELECT speedlayer.outbox_watch('t', 'user', 'id', columns => '{name}', events => '{update}')`,
			[][]string{
				{`INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')`},
				{`UPDATE t SET id = 3 - id WHERE id < 3`, "invalidate user 1", "invalidate user 2"},
			},
		},
		{
			"the key is no primary key", `CREATE TABLE t (id int PRIMARY KEY, team int, name text)`,
			`SELECT speedlayer.outbox_watch('t', 'team', 'team', columns => '{name}')`,
			[][]string{
				{`INSERT INTO t VALUES (1, 7, 'a'), (2, 7, 'b'), (3, NULL, 'c'), (4, 8, 'd')`, "invalidate team 7", "invalidate team 8"},
				{`UPDATE t SET name = CASE name WHEN 'a' THEN 'b' ELSE 'a' END WHERE team = 7`, "invalidate team 7"},
				{`UPDATE t SET team = 8 WHERE id = 1`, "invalidate team 7", "invalidate team 8"},
				{`UPDATE t SET team = NULL WHERE id = 4`, "invalidate team 8"},
				{`DELETE FROM t WHERE team IS NULL`},
			},
		},
		{
			"the key is no primary key, any column counts", `CREATE TABLE t (id int PRIMARY KEY, team text, name text)`,
			`SELECT speedlayer.outbox_watch('t', 'team', 'team', tags => '{"teams": "all"}')`,
			[][]string{
				{`INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, NULL)`, "invalidate team x", "invalidate_tag teams all"},
				{`UPDATE t SET name = 'a' WHERE id < 3`, "invalidate team x", "invalidate_tag teams all"},
				{`UPDATE t SET team = 'y' WHERE id = 1`, "invalidate team x", "invalidate team y", "invalidate_tag teams all"},
				{`UPDATE t SET team = 'z' WHERE id = 3`, "invalidate team z", "invalidate_tag teams all"},
				{`UPDATE t SET team = NULL WHERE id = 3`, "invalidate team z", "invalidate_tag teams all"},
				{`UPDATE t SET name = 'b' WHERE id = 3`, "invalidate_tag teams all"},
				{`DELETE FROM t WHERE id = 2`, "invalidate team x", "invalidate_tag teams all"},
			},
		},
		{
			"a trigger before changes the key", `CREATE TABLE t (id int PRIMARY KEY, a int);
				CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := NEW.id + 100; RETURN NEW; END';
				CREATE TRIGGER move BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION move()`,
			`SELECT speedlayer.outbox_watch('t', 'user', 'id')`,
			[][]string{
				{`INSERT INTO t VALUES (1)`, "invalidate user 1"},
				{`UPDATE t SET a = 1`, "invalidate user 1", "invalidate user 101"},
			},
		},
		{
			"the key is made of other columns",
			`CREATE TABLE t (a int, b int, id text GENERATED ALWAYS AS (a::text || '-' || b::text) STORED PRIMARY KEY)`,
			`SELECT speedlayer.outbox_watch('t', 'user', 'id')`,
			[][]string{
				{`INSERT INTO t VALUES (1, 2)`, "invalidate user 1-2"},
				{`UPDATE t SET b = 3`, "invalidate user 1-2", "invalidate user 1-3"},
				{`INSERT INTO t VALUES (1, 3) ON CONFLICT (id) DO UPDATE SET a = 5`, "invalidate user 1-3", "invalidate user 5-3"},
				{`MERGE INTO t USING (VALUES (1)) AS v ON true WHEN MATCHED THEN UPDATE SET a = 6`, "invalidate user 5-3", "invalidate user 6-3"},
				{`CREATE VIEW v AS SELECT a AS b, b AS a FROM t; UPDATE v SET b = 7`, "invalidate user 6-3", "invalidate user 7-3"},
			},
		},
		{
			"each row", `CREATE TABLE t (id int PRIMARY KEY, a text, b text)`,
			`SELECT speedlayer.outbox_watch('t', 'user', 'id', tags => '{"users": "all"}', columns => '{a}', each_row => true)`,
			[][]string{
				{`INSERT INTO t VALUES (1), (2)`, "invalidate user 1", "invalidate user 2", "invalidate_tag users all", "invalidate_tag users all"},
				{`UPDATE t SET b = 'x'`},
				{`UPDATE t SET a = 'x' WHERE id = 1`, "invalidate user 1", "invalidate_tag users all"},
				{`UPDATE t SET id = 3 WHERE id = 1`, "invalidate user 1", "invalidate user 3", "invalidate_tag users all"},
				{`DELETE FROM t WHERE id = 2`, "invalidate user 2", "invalidate_tag users all"},
				{`TRUNCATE t`, "invalidate_all user ", "invalidate_tag users all"},
			},
		},
		{
			"odd names", `CREATE SCHEMA "S '%s$outbox$"; CREATE TABLE "S '%s$outbox$"."T "".\" ("Id 'x"" %I" int PRIMARY KEY, "n%s'a" text)`,
			`SELECT speedlayer.outbox_watch('"S ''%s$outbox$"."T "".\"', 'it''s "%s" $outbox$ \', 'Id ''x" %I', tags => '{"a:''b\"": "%L''"}', columns => '{n%s''a}')`,
			[][]string{
				{`INSERT INTO "S '%s$outbox$"."T "".\" VALUES (1, 'x')`, `invalidate it's "%s" $outbox$ \ 1`, `invalidate_tag a:'b" %L'`},
				{`UPDATE "S '%s$outbox$"."T "".\" SET "n%s'a" = 'y'`, `invalidate it's "%s" $outbox$ \ 1`, `invalidate_tag a:'b" %L'`},
				{`TRUNCATE "S '%s$outbox$"."T "".\"`, `invalidate_all it's "%s" $outbox$ \ `, `invalidate_tag a:'b" %L'`},
			},
		},
		{
			"a partitioned table", `CREATE TABLE t (id int, a text) PARTITION BY RANGE (id);
				CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)`,
			`SELECT speedlayer.outbox_watch('t', 'user', 'id', each_row => true)`,
			[][]string{
				{`INSERT INTO t1 VALUES (1)`, "invalidate user 1"},
				{`CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)`},
				{`UPDATE t SET id = 11`, "invalidate user 1", "invalidate user 11"},
				{`SET session_replication_role = replica; DELETE FROM t2`, "invalidate user 11"},
			},
		},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			pool := database(t)
			exec(t, pool, way.table)
			exec(t, pool, way.watch)
			for _, step := range way.steps {
				exec(t, pool, step[0])
				if got := written(t, pool); !slices.Equal(got, step[1:]) {
					t.Errorf("%s\nwrote %q\nwant  %q", step[0], got, step[1:])
				}
			}
		})
	}
}

func TestCopyAndCascadesAreSeen(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `CREATE TABLE team (id int PRIMARY KEY);
		CREATE TABLE member (id int PRIMARY KEY, team int REFERENCES team ON DELETE CASCADE);
		SELECT speedlayer.outbox_watch('team', 'team', 'id');
		SELECT speedlayer.outbox_watch('member', 'member', 'id')`)
	n, err := pool.CopyFrom(t.Context(), pgx.Identifier{"team"}, []string{"id"}, pgx.CopyFromRows([][]any{{1}, {2}}))
	if err != nil || n != 2 {
		t.Fatalf("COPY: %d, %v", n, err)
	}
	if got, want := written(t, pool), []string{"invalidate team 1", "invalidate team 2"}; !slices.Equal(got, want) {
		t.Errorf("COPY wrote %q, want %q", got, want)
	}
	exec(t, pool, `INSERT INTO member VALUES (10, 1), (11, 1), (12, 2)`)
	written(t, pool)
	exec(t, pool, `DELETE FROM team WHERE id = 1`)
	if got, want := written(t, pool), []string{"invalidate member 10", "invalidate member 11", "invalidate team 1"}; !slices.Equal(got, want) {
		t.Errorf("a cascade wrote %q, want %q", got, want)
	}
	exec(t, pool, `TRUNCATE team CASCADE`)
	if got, want := written(t, pool), []string{"invalidate_all member ", "invalidate_all team "}; !slices.Equal(got, want) {
		t.Errorf("TRUNCATE CASCADE wrote %q, want %q", got, want)
	}
}

func TestARollbackWritesNothing(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `CREATE TABLE t (id int PRIMARY KEY); SELECT speedlayer.outbox_watch('t', 'user', 'id')`)
	exec(t, pool, `BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2); ROLLBACK TO s; COMMIT`)
	exec(t, pool, `BEGIN; INSERT INTO t VALUES (3); ROLLBACK`)
	if got, want := written(t, pool), []string{"invalidate user 1"}; !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

func TestEachRowSeesWhatReplicationApplies(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
		SELECT speedlayer.outbox_watch('a', 'a', 'id', each_row => true);
		SELECT speedlayer.outbox_watch('b', 'b', 'id')`)
	exec(t, pool, `BEGIN; SET LOCAL session_replication_role = replica;
		INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); TRUNCATE a; COMMIT`)
	if got, want := written(t, pool), []string{"invalidate a 1", "invalidate_all a "}; !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q: triggers for statements do not fire then", got, want)
	}
}

func TestSeveralWatchesOfOneTable(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `CREATE TABLE t (id int PRIMARY KEY, team int, password text);
		SELECT speedlayer.outbox_watch('t', 'user', 'id');
		SELECT speedlayer.outbox_watch('t', 'session', 'id', columns => '{password}', events => '{update,delete}');
		SELECT speedlayer.outbox_watch('t', 'team', 'team')`)
	exec(t, pool, `SELECT speedlayer.outbox_watch('t', 'team', 'team', events => '{delete}')`) // replaces
	exec(t, pool, `INSERT INTO t VALUES (1, 7, 'x'); UPDATE t SET team = 8; UPDATE t SET password = 'y'`)
	if got, want := written(t, pool), []string{"invalidate session 1", "invalidate user 1", "invalidate user 1", "invalidate user 1"}; !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
	exec(t, pool, `SELECT speedlayer.outbox_unwatch('t', 'user'); DELETE FROM t`)
	if got, want := written(t, pool), []string{"invalidate session 1", "invalidate team 8"}; !slices.Equal(got, want) {
		t.Errorf("after one watch ended: wrote %q, want %q", got, want)
	}
	exec(t, pool, `SELECT speedlayer.outbox_unwatch('t'); INSERT INTO t VALUES (1)`)
	if got := written(t, pool); len(got) != 0 {
		t.Errorf("after all watches ended: wrote %q", got)
	}
	var left int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_proc WHERE prorettype = 'trigger'::regtype
		AND pronamespace = 'speedlayer'::regnamespace`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d trigger functions are left, %v", left, err)
	}
}

// TestAWatchLeavesTheFunctionOfAnotherTableAlone has a function by the name that
// the next watch would choose, as after a restore, where tables have new oids.
func TestAWatchLeavesTheFunctionOfAnotherTableAlone(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (key int PRIMARY KEY);
		SELECT speedlayer.outbox_watch('a', 'x', 'id')`)
	name := value[string](t, pool, `SELECT tgfoid::regproc::text FROM pg_trigger WHERE tgrelid = 'a'::regclass AND tgname LIKE '%\_insert\_%'`)
	exec(t, pool, `ALTER FUNCTION `+name+` RENAME TO outbox_`+
		value[string](t, pool, `SELECT 'b'::regclass::oid || '_' || speedlayer.outbox_suffix('x') || '_insert'`))
	exec(t, pool, `SELECT speedlayer.outbox_watch('b', 'x', 'key')`)
	exec(t, pool, `INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)`)
	if got, want := written(t, pool), []string{"invalidate x 1", "invalidate x 2"}; !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
	exec(t, pool, `DROP TABLE a; SELECT speedlayer.outbox_watch('b', 'x', 'key'); INSERT INTO b VALUES (3)`)
	if got, want := written(t, pool), []string{"invalidate x 3"}; !slices.Equal(got, want) {
		t.Errorf("watched again: wrote %q, want %q", got, want)
	}
}

func TestAWatchThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	pool := database(t)
	exec(t, pool, `CREATE TABLE t (id int, name text); CREATE VIEW v AS SELECT * FROM t;
		CREATE TABLE p (id int) PARTITION BY RANGE (id)`)
	for call, want := range map[string]string{
		`'t', 'x', 'nosuch'`:                         "no column nosuch",
		`'t', 'x', 'id', columns => '{"no \"such"}'`: `no column "no ""such"`,
		`'t', 'x', 'id', columns => '{name}'`:        "needs a primary key",
		`'t', 'x', 'id', events => '{insert,drop}'`:  "no event drop",
		`'t', '', 'id'`:                              "are needed",
		`'t', 'x', NULL`:                             "are needed",
		`'v', 'x', 'id'`:                             "not a table",
		`'p', 'x', 'id'`:                             "partitioned",
	} {
		_, err := pool.Exec(t.Context(), `SELECT speedlayer.outbox_watch(`+call+`)`)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("outbox_watch(%s): %v, want an error with %q", call, err, want)
		}
	}
}
