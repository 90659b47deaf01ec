package test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// found returns those of the secrets that a text holds: as they are, in part, or
// encoded.
func found(content string, secrets []string) (these []string) {
	for _, secret := range secrets {
		if slices.ContainsFunc(formsOf(secret), func(form string) bool { return strings.Contains(content, form) }) {
			these = append(these, secret)
		}
	}
	return these
}

// partLength is how much of a secret is enough to find it: what was cut for a log is
// found too.
const partLength = 12

func formsOf(secret string) []string {
	forms := []string{
		secret, hex.EncodeToString([]byte(secret)), url.QueryEscape(secret), url.PathEscape(secret),
		base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	}
	if len(secret) > partLength {
		forms = append(forms, secret[:partLength], secret[len(secret)-partLength:])
	}
	return forms
}

func wantNowhere(t *testing.T, where, content string, secrets []string) {
	t.Helper()
	if content == "" {
		t.Errorf("nothing in %s: the test looked in the wrong place", where)
	}
	for _, secret := range secrets {
		if secret == "" {
			t.Errorf("an empty secret is looked for in %s", where)
		}
	}
	for _, secret := range found(content, secrets) {
		t.Errorf("%s holds %q", where, secret)
	}
}

// dump returns every key of a Redis with what lies there, as DUMP has it and as clients
// read it.
func dump(t *testing.T, redis *redistest.Server) string {
	t.Helper()
	redis.CLI(t, "CONFIG", "SET", "rdbcompression", "no") // which DUMP heeds too
	client := redis.Client(t)
	var all strings.Builder
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		page, err := client.Do(t.Context(), client.B().Scan().Cursor(cursor).Count(1000).Build()).AsScanEntry()
		if err != nil {
			t.Fatal(err)
		}
		cursor = page.Cursor
		for _, key := range page.Elements {
			raw, err := client.Do(t.Context(), client.B().Dump().Key(key).Build()).ToString()
			if err != nil && !rueidis.IsRedisNil(err) {
				t.Fatal(err)
			}
			fmt.Fprintf(&all, "%s\n%s\n%s\n", key, raw, read(t, redis, key)) // or it has expired meanwhile
		}
	}
	return all.String()
}

// read returns the value of a key.
func read(t *testing.T, redis *redistest.Server, key string) string {
	t.Helper()
	switch kind := redis.CLI(t, "TYPE", key); kind {
	case "string":
		return redis.CLI(t, "GET", key)
	case "hash":
		return redis.CLI(t, "HGETALL", key)
	case "list":
		return redis.CLI(t, "LRANGE", key, "0", "-1")
	case "set":
		return redis.CLI(t, "SMEMBERS", key)
	case "zset":
		return redis.CLI(t, "ZRANGE", key, "0", "-1", "WITHSCORES")
	case "stream":
		return redis.CLI(t, "XRANGE", key, "-", "+")
	case "none":
		return ""
	default:
		t.Fatalf("%s is a %s, which nobody reads", key, kind)
		return ""
	}
}

// rowsOf returns every row of every table of a database.
func rowsOf(t *testing.T, conn *pgx.Conn) string {
	t.Helper()
	var all strings.Builder
	for _, table := range tablesOf(t, conn) {
		rows, err := conn.Query(t.Context(), `SELECT to_jsonb(r)::text FROM `+table+` r`)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		fmt.Fprintf(&all, "%s\n%s\n", table, strings.Join(lines, "\n"))
	}
	return all.String()
}

func tablesOf(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT format('%I.%I', schemaname, tablename) FROM pg_catalog.pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) == 0 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	return tables
}

// keepRows has the database keep every row as it ever was, in a table beside: rows of
// the outbox and digests of codes live for moments.
func keepRows(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	tables := tablesOf(t, conn)
	execute(t, conn, `CREATE TABLE public.kept_rows (origin text, row jsonb)`)
	execute(t, conn, `CREATE FUNCTION public.keep_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
		BEGIN
			INSERT INTO public.kept_rows VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, to_jsonb(NEW));
			RETURN NULL;
		END $$`)
	for _, table := range tables {
		execute(t, conn, `CREATE TRIGGER keep_row AFTER INSERT OR UPDATE ON `+table+` FOR EACH ROW EXECUTE FUNCTION public.keep_row()`)
	}
}

// The search that others rely on finds what was planted, wherever it lies.
func TestSearchFindsWhatWasPlanted(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	monitor := startMonitor(t, prod.redis)
	conn := psql(t, prod.database)
	keepRows(t, conn)
	const secret = "Recognisable-Secret-Of-Nobody"
	long := strings.Repeat("compressible ", 200) + secret
	inDatabase := func(statement string, arg any) func() string {
		return func() string {
			execute(t, conn, statement, arg)
			return rowsOf(t, conn)
		}
	}
	inRedis := func(command ...string) func() string {
		return func() string {
			if reply := prod.redis.CLI(t, command...); strings.HasPrefix(reply, "(error)") {
				t.Fatal(reply)
			}
			all := dump(t, prod.redis)
			prod.redis.CLI(t, "DEL", command[1])
			return all
		}
	}
	for name, plant := range map[string]func() string{
		"as it is":           func() string { return "a" + secret + "b" },
		"cut":                func() string { return secret[:20] + "…" },
		"hexadecimal":        func() string { return hex.EncodeToString([]byte(secret)) },
		"base64":             func() string { return base64.URLEncoding.EncodeToString([]byte(secret)) },
		"a key":              inRedis("SET", secret, "1"),
		"a string":           inRedis("SET", "k", long),
		"a hash":             inRedis("HSET", "k", "field", long),
		"a field of a hash":  inRedis("HSET", "k", secret, "1"),
		"a list":             inRedis("RPUSH", "k", long),
		"a set":              inRedis("SADD", "k", secret),
		"a sorted set":       inRedis("ZADD", "k", "1", secret),
		"a stream":           inRedis("XADD", "k", "*", "field", secret),
		"a text in a row":    inDatabase(`UPDATE public.users SET name = $1 WHERE id = 1`, secret),
		"bytes in a row":     inDatabase(`INSERT INTO public.password_resets VALUES ($1, 2, now())`, []byte(secret)),
		"JSON in a row":      inDatabase(`INSERT INTO public.audit_log (action, detail) VALUES ('x', jsonb_build_object('x', $1::text))`, secret),
		"JSON in the outbox": inDatabase(`INSERT INTO speedlayer.outbox (kind, target, payload) VALUES ('x', 'x', json_build_object('x', $1::text))`, secret),
		"a command of a moment": func() string {
			prod.redis.CLI(t, "SET", "k", secret)
			prod.redis.CLI(t, "DEL", "k")
			monitor.mark(t)
			return monitor.log.String()
		},
		"a row of a moment": func() string {
			execute(t, conn, `INSERT INTO public.users (name, email) VALUES ($1, 'moment@example.com')`, secret)
			execute(t, conn, `DELETE FROM public.users WHERE email = 'moment@example.com'`)
			return rowsOf(t, conn)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if these := found(plant(), []string{secret, "something else"}); !slices.Equal(these, []string{secret}) {
				t.Errorf("found %q", these)
			}
		})
		if name == "as it is" || name == "cut" || name == "hexadecimal" || name == "base64" {
			continue
		}
		prod.redis.Flush(t)
		for _, statement := range []string{
			`UPDATE public.users SET name = 'Max' WHERE id = 1`, `DELETE FROM public.password_resets`,
			`DELETE FROM public.audit_log`, `DELETE FROM speedlayer.outbox`, `DELETE FROM public.kept_rows`,
		} {
			execute(t, conn, statement)
		}
		if these := found(dump(t, prod.redis)+"none"+rowsOf(t, conn), []string{secret}); len(these) > 0 {
			t.Fatalf("%s: left behind", name)
		}
	}
}
