-- Functions that make a table tell of its changes. Each watch is up to five triggers
-- with a function each of static SQL, all written by outbox_watch.
--
-- The trigger functions run with the rights of their owner under the search_path of
-- whoever writes: to set another one at each call costs as much as the row's index.
-- So every name in them is qualified, operators too, and IS DISTINCT FROM, which
-- looks for an operator by name, does not occur.

-- The end of the names of the triggers and the function of one watch.
CREATE OR REPLACE FUNCTION speedlayer.outbox_suffix(target text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT left(md5(target), 16)
$$;

-- Builds "a.x, a.y" for the columns x and y.
CREATE OR REPLACE FUNCTION speedlayer.outbox_columns(alias text, columns name[], suffix text DEFAULT '') RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(format('%s.%I%s', alias, c, suffix), ', ' ORDER BY i) FROM unnest(columns) WITH ORDINALITY AS u (c, i)
$$;

-- Tells whether values of these columns become text by PostgreSQL's own code alone.
-- A cast of somebody's own type may call what it finds in the search_path.
CREATE OR REPLACE FUNCTION speedlayer.outbox_plain(relation regclass, columns name[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT bool_and(t.typnamespace = 'pg_catalog'::regnamespace) FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE a.attrelid = relation AND a.attname = ANY (columns) AND a.attnum > 0
$$;

-- Builds the statement that writes the rows of one event. changed is a query for
-- the keys that changed, in one column named key.
CREATE OR REPLACE FUNCTION speedlayer.outbox_statement(target text, tags jsonb, changed text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH tag (space, name) AS (
        SELECT s.key, t.name
        FROM jsonb_each(tags) AS s,
             jsonb_array_elements_text(CASE jsonb_typeof(s.value) WHEN 'array' THEN s.value ELSE jsonb_build_array(s.value) END) AS t (name)
    )
    SELECT CASE WHEN count(*) = 0 THEN
        format('INSERT INTO speedlayer.outbox (kind, target, key) SELECT ''invalidate'', %L, c.key FROM (%s) AS c WHERE c.key IS NOT NULL;', target, changed)
    ELSE
        format('WITH changed AS MATERIALIZED (%s) '
            'INSERT INTO speedlayer.outbox (kind, target, key) SELECT ''invalidate'', %L, c.key FROM changed AS c WHERE c.key IS NOT NULL', changed, target)
        || string_agg(format(' UNION ALL SELECT ''invalidate_tag'', %L, %L WHERE EXISTS (SELECT FROM changed)', space, name), '')
        || ';'
    END
    FROM tag
$$;

-- Builds the query for the keys of rows of which an UPDATE changed one of columns.
--
-- Rows before and after are paired by primary key: a FULL JOIN has no nested loop,
-- so a plan that was made for one row is good for 100,000, and a changed primary key
-- shows as two rows without a partner. The operator *<> compares bytes: it knows
-- every type and runs nobody's code. One row alone, the usual case, needs no pairing
-- and no sorting.
CREATE OR REPLACE FUNCTION speedlayer.outbox_changed(
    key_column name, columns name[], primary_key name[], alone boolean
) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
    WHEN alone THEN
        format('SELECT k.key FROM speedlayer_old AS o CROSS JOIN speedlayer_new AS n CROSS JOIN LATERAL '
            '(SELECT n.%1$I::pg_catalog.text AS key UNION ALL SELECT o.%1$I::pg_catalog.text'
            ' WHERE (o.%1$I::pg_catalog.text OPERATOR(pg_catalog.=) n.%1$I::pg_catalog.text) IS NOT TRUE) AS k'
            ' WHERE ROW(%2$s)::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(%3$s)::pg_catalog.record',
            key_column,
            speedlayer.outbox_columns('n', columns || key_column), speedlayer.outbox_columns('o', columns || key_column))
    ELSE
        format('SELECT DISTINCT k.key FROM speedlayer_old AS o FULL JOIN speedlayer_new AS n ON %2$s'
            ' CROSS JOIN LATERAL (VALUES (o.%1$I::pg_catalog.text), (n.%1$I::pg_catalog.text)) AS k (key)'
            ' WHERE ROW(%3$s)::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(%4$s)::pg_catalog.record',
            key_column,
            (SELECT string_agg(format('o.%1$I::pg_catalog.text OPERATOR(pg_catalog.=) n.%1$I::pg_catalog.text', c), ' AND ') FROM unnest(primary_key) AS c),
            speedlayer.outbox_columns('n', primary_key || columns || key_column),
            speedlayer.outbox_columns('o', primary_key || columns || key_column))
    END
$$;

-- Builds the body of the trigger function for one event. Not one function for all:
-- each IF in it would cost a writer a microsecond.
DROP FUNCTION IF EXISTS speedlayer.outbox_body(text, name, jsonb, name[], name[], boolean);
CREATE OR REPLACE FUNCTION speedlayer.outbox_body(
    event text, target text, key_column name, tags jsonb, columns name[], primary_key name[], each_row boolean
) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Rows with different primary keys have different keys, if that is what they are.
    dedupe  text := CASE WHEN each_row OR primary_key = ARRAY[key_column] THEN '' ELSE 'DISTINCT ' END;
    new_key text := CASE WHEN each_row THEN format('SELECT NEW.%I::pg_catalog.text AS key', key_column)
        ELSE format('SELECT %sn.%I::pg_catalog.text AS key FROM speedlayer_new AS n', dedupe, key_column) END;
    old_key text := CASE WHEN each_row THEN format('SELECT OLD.%I::pg_catalog.text AS key', key_column)
        ELSE format('SELECT %so.%I::pg_catalog.text AS key FROM speedlayer_old AS o', dedupe, key_column) END;
    body    text;
BEGIN
    CASE event
    WHEN 'insert' THEN
        body := speedlayer.outbox_statement(target, tags, new_key);
    WHEN 'delete' THEN
        body := speedlayer.outbox_statement(target, tags, old_key);
    WHEN 'rekey' THEN
        body := speedlayer.outbox_statement(target, NULL, format('SELECT OLD.%I::pg_catalog.text AS key', key_column));
    WHEN 'truncate' THEN
        body := speedlayer.outbox_statement(target, tags, 'SELECT NULL::pg_catalog.text AS key')
            || format(E'\n    INSERT INTO speedlayer.outbox (kind, target) VALUES (''invalidate_all'', %L);', target);
    WHEN 'update' THEN
        IF each_row THEN
            body := CASE WHEN columns IS NULL THEN '' ELSE
                    format(E'IF NOT (ROW(%s)::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(%s)::pg_catalog.record) THEN RETURN NULL; END IF;\n    ',
                        speedlayer.outbox_columns('NEW', columns || key_column), speedlayer.outbox_columns('OLD', columns || key_column))
                END || speedlayer.outbox_statement(target, tags, new_key || format(' UNION ALL SELECT OLD.%1$I::pg_catalog.text'
                    ' WHERE (OLD.%1$I::pg_catalog.text OPERATOR(pg_catalog.=) NEW.%1$I::pg_catalog.text) IS NOT TRUE', key_column));
        ELSIF columns IS NULL THEN
            -- The new keys, once a statement; the old one of a row whose key changed
            -- comes from the trigger for rows, which hardly ever fires.
            body := speedlayer.outbox_statement(target, tags, new_key);
        ELSE
            body := format(E'IF (SELECT pg_catalog.count(*) FROM (SELECT FROM speedlayer_new LIMIT 2) AS s) OPERATOR(pg_catalog.=) 1 THEN'
                '\n    %s\n    ELSE\n    %s\n    END IF;',
                speedlayer.outbox_statement(target, tags, speedlayer.outbox_changed(key_column, columns, primary_key, alone => true)),
                speedlayer.outbox_statement(target, tags, speedlayer.outbox_changed(key_column, columns, primary_key, alone => false)));
        END IF;
    ELSE
        RAISE EXCEPTION 'outbox_watch: there is no event %', quote_ident(event);
    END CASE;
    RETURN format($body$
BEGIN
    %s
    IF FOUND AND pg_catalog.pg_sequence_last_value('speedlayer.outbox_asleep') IS NOT NULL THEN
    PERFORM speedlayer.outbox_wake();
    END IF;
    RETURN NULL;
END $body$, body);
END $$;

-- Makes the trigger function for one event, which only triggers can call.
CREATE OR REPLACE FUNCTION speedlayer.outbox_function(relation regclass, suffix text, event text, body text, plain boolean) RETURNS name
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    function name := format('outbox_%s_%s_%s', relation::oid, suffix, event);
BEGIN
    -- In a restored database the name may belong to a table that had this oid before.
    WHILE EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = 'speedlayer'::regnamespace AND p.proname = function) LOOP
        function := function || '_';
    END LOOP;
    EXECUTE format('CREATE FUNCTION speedlayer.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER %s AS %L',
        function, CASE WHEN plain THEN '' ELSE 'SET search_path = pg_catalog, pg_temp' END, body);
    EXECUTE format('REVOKE ALL ON FUNCTION speedlayer.%I() FROM PUBLIC', function);
    RETURN function;
END $$;

-- Makes a table tell of its changes: each changed row invalidates the entry of the
-- key space target whose key is the row's key_column as text, on UPDATE both the
-- old and the new one. TRUNCATE invalidates the whole key space.
--
--   tags      tags to invalidate as well, once a statement, by key space:
--             '{"users": ["all", "newest"]}'.
--   columns   an UPDATE counts only for rows where one of these columns changed, or
--             the key; needs a primary key. Default: every updated row counts.
--   events    which of insert, update, delete, truncate count. Default: all.
--   each_row  triggers for each row that fire under logical replication too (ENABLE
--             ALWAYS), where triggers for statements do not. Slower for changes of
--             many rows, and tags are written for each row.
--
-- Called again with the same table and target, it replaces what is there. One table
-- may have watches with several targets; each costs a trigger function's call.
CREATE OR REPLACE FUNCTION speedlayer.outbox_watch(
    relation   regclass,
    target     text,
    key_column name,
    tags       jsonb   DEFAULT NULL,
    columns    name[]  DEFAULT NULL,
    events     text[]  DEFAULT '{insert,update,delete,truncate}',
    each_row   boolean DEFAULT false
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    suffix      text := speedlayer.outbox_suffix(target);
    kind        "char" := (SELECT c.relkind FROM pg_class AS c WHERE c.oid = relation);
    primary_key name[] := (
        SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_index AS i JOIN pg_attribute AS a
        ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = relation AND i.indisprimary);
    plain       boolean := speedlayer.outbox_plain(relation, primary_key || key_column);
    -- A condition is worked out for every update. Where the key is the primary key, only
    -- an UPDATE that names it changes it, unless a trigger before does.
    fixed       boolean := primary_key = ARRAY[key_column] AND NOT EXISTS (
        SELECT FROM pg_trigger AS t WHERE t.tgrelid = relation AND NOT t.tgisinternal AND t.tgtype & 19 = 19); -- row, before, update
    event       text;
    missing     name;
    tables      text;
    trigger     name;
BEGIN
    IF relation IS NULL OR target IS NULL OR target = '' OR key_column IS NULL OR events IS NULL OR each_row IS NULL THEN
        RAISE EXCEPTION 'outbox_watch: table, target and key_column are needed';
    END IF;
    IF kind NOT IN ('r', 'p') THEN
        RAISE EXCEPTION 'outbox_watch: % is not a table', relation;
    END IF;
    IF kind = 'p' AND NOT each_row THEN
        RAISE EXCEPTION 'outbox_watch: % is partitioned, and triggers for statements miss what is written to a partition directly', relation
            USING HINT = 'Say each_row => true.';
    END IF;
    SELECT c INTO missing FROM unnest(columns || key_column) AS c WHERE NOT EXISTS (
        SELECT FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped) LIMIT 1;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'outbox_watch: % has no column %', relation, quote_ident(missing);
    END IF;
    IF columns IS NOT NULL AND primary_key IS NULL AND NOT each_row THEN
        RAISE EXCEPTION 'outbox_watch: columns needs a primary key, and % has none', relation
            USING HINT = 'Say each_row => true, or leave columns out.';
    END IF;

    PERFORM speedlayer.outbox_unwatch(relation, target);
    FOREACH event IN ARRAY events LOOP
        IF event NOT IN ('insert', 'update', 'delete', 'truncate') THEN
            RAISE EXCEPTION 'outbox_watch: there is no event %', quote_ident(event);
        END IF;
        trigger := format('speedlayer_outbox_%s_%s', event, suffix);
        tables := CASE WHEN each_row THEN '' ELSE CASE event
            WHEN 'insert' THEN 'REFERENCING NEW TABLE AS speedlayer_new'
            WHEN 'update' THEN CASE WHEN columns IS NULL THEN 'REFERENCING NEW TABLE AS speedlayer_new'
                ELSE 'REFERENCING OLD TABLE AS speedlayer_old NEW TABLE AS speedlayer_new' END
            WHEN 'delete' THEN 'REFERENCING OLD TABLE AS speedlayer_old'
            ELSE '' END END;
        EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH %s EXECUTE FUNCTION speedlayer.%I()',
            trigger, event, relation, tables,
            CASE WHEN each_row AND event <> 'truncate' THEN 'ROW' ELSE 'STATEMENT' END,
            speedlayer.outbox_function(relation, suffix, event,
                speedlayer.outbox_body(event, target, key_column, tags, columns, primary_key, each_row), plain));
        IF event = 'update' AND columns IS NULL AND NOT each_row THEN
            EXECUTE format('CREATE TRIGGER %I AFTER UPDATE %s ON %s FOR EACH ROW'
                ' WHEN (OLD.%I::text IS DISTINCT FROM NEW.%I::text) EXECUTE FUNCTION speedlayer.%I()',
                'speedlayer_outbox_rekey_' || suffix, CASE WHEN fixed THEN format('OF %I', key_column) ELSE '' END,
                relation, key_column, key_column,
                speedlayer.outbox_function(relation, suffix, 'rekey',
                    speedlayer.outbox_body('rekey', target, key_column, tags, columns, primary_key, each_row), plain));
        END IF;
        IF each_row THEN
            EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, trigger);
        END IF;
    END LOOP;
END $$;

-- Ends the watch of a table for one target, or all of them. Returns how many
-- triggers it removed.
CREATE OR REPLACE FUNCTION speedlayer.outbox_unwatch(relation regclass, target text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found     record;
    functions oid[] := '{}';
    removed   integer := 0;
BEGIN
    FOR found IN
        SELECT t.tgname, t.tgfoid FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
        WHERE t.tgrelid = relation AND t.tgparentid = 0 AND NOT t.tgisinternal
        AND p.pronamespace = 'speedlayer'::regnamespace AND t.tgname LIKE 'speedlayer\_outbox\_%'
        AND (outbox_unwatch.target IS NULL OR t.tgname LIKE '%\_' || speedlayer.outbox_suffix(outbox_unwatch.target))
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, relation);
        functions := functions || found.tgfoid;
        removed := removed + 1;
    END LOOP;
    FOR found IN SELECT DISTINCT p.oid FROM unnest(functions) AS f JOIN pg_proc AS p ON p.oid = f
        WHERE NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgfoid = p.oid)
    LOOP
        EXECUTE format('DROP FUNCTION %s', found.oid::regprocedure);
    END LOOP;
    RETURN removed;
END $$;

REVOKE ALL ON FUNCTION
    speedlayer.outbox_suffix(text),
    speedlayer.outbox_columns(text, name[], text),
    speedlayer.outbox_plain(regclass, name[]),
    speedlayer.outbox_statement(text, jsonb, text),
    speedlayer.outbox_changed(name, name[], name[], boolean),
    speedlayer.outbox_body(text, text, name, jsonb, name[], name[], boolean),
    speedlayer.outbox_function(regclass, text, text, text, boolean),
    speedlayer.outbox_watch(regclass, text, name, jsonb, name[], text[], boolean),
    speedlayer.outbox_unwatch(regclass, text)
FROM PUBLIC;
