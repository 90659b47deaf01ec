-- Functions that write rows, for triggers written by hand and for applications.
-- They run with the rights of their owner: a role needs USAGE on the schema and
-- EXECUTE on the function, and no right on the tables.

-- Wakes a relay that sleeps. NOTIFY takes a lock that all committing transactions
-- share, so nothing is sent while a relay is at work.
CREATE OR REPLACE FUNCTION speedlayer.outbox_wake() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_sequence_last_value('speedlayer.outbox_asleep') > extract(epoch FROM clock_timestamp()) THEN
        PERFORM pg_notify('speedlayer_outbox', '');
    END IF;
END $$;

-- Drops the entries with these keys of a key space.
CREATE OR REPLACE FUNCTION speedlayer.outbox_invalidate(target text, VARIADIC keys text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO speedlayer.outbox (kind, target, key)
    SELECT DISTINCT 'invalidate', outbox_invalidate.target, k FROM unnest(keys) AS k WHERE k IS NOT NULL;
    PERFORM speedlayer.outbox_wake();
END $$;

-- Drops all entries of a key space that have one of these tags.
CREATE OR REPLACE FUNCTION speedlayer.outbox_invalidate_tag(target text, VARIADIC tags text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO speedlayer.outbox (kind, target, key)
    SELECT DISTINCT 'invalidate_tag', outbox_invalidate_tag.target, t FROM unnest(tags) AS t WHERE t IS NOT NULL;
    PERFORM speedlayer.outbox_wake();
END $$;

-- Drops all entries of a key space.
CREATE OR REPLACE FUNCTION speedlayer.outbox_invalidate_all(target text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO speedlayer.outbox (kind, target) VALUES ('invalidate_all', outbox_invalidate_all.target);
    PERFORM speedlayer.outbox_wake();
END $$;

-- Enqueues a task and returns the id under which the queue deduplicates it.
CREATE OR REPLACE FUNCTION speedlayer.outbox_enqueue(
    queue text, payload jsonb, type text DEFAULT '', durable boolean DEFAULT false
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    task bigint;
BEGIN
    INSERT INTO speedlayer.outbox (kind, target, key, payload, durable)
    VALUES ('task', queue, type, outbox_enqueue.payload, outbox_enqueue.durable)
    RETURNING id INTO task;
    PERFORM speedlayer.outbox_wake();
    RETURN task;
END $$;

-- Enqueues many tasks; the arrays are of one length.
CREATE OR REPLACE FUNCTION speedlayer.outbox_enqueue_all(
    queues text[], types text[], payloads text[], durables boolean[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO speedlayer.outbox (kind, target, key, payload, durable)
    SELECT 'task', t.queue, t.type, t.payload::json, t.durable
    FROM unnest(queues, types, payloads, durables) AS t (queue, type, payload, durable);
    PERFORM speedlayer.outbox_wake();
END $$;

REVOKE ALL ON FUNCTION
    speedlayer.outbox_wake(),
    speedlayer.outbox_invalidate(text, text[]),
    speedlayer.outbox_invalidate_tag(text, text[]),
    speedlayer.outbox_invalidate_all(text),
    speedlayer.outbox_enqueue(text, jsonb, text, boolean),
    speedlayer.outbox_enqueue_all(text[], text[], text[], boolean[])
FROM PUBLIC;
