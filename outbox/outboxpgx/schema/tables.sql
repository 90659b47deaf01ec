-- The tables of the outbox. Everything here can be run again.

CREATE SCHEMA IF NOT EXISTS speedlayer;

-- One row is one thing that Redis has to learn. What was delivered is deleted; durable
-- tasks stay until they are completed.
CREATE TABLE IF NOT EXISTS speedlayer.outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    kind         text        NOT NULL, -- invalidate, invalidate_tag, invalidate_all, task
    target       text        NOT NULL, -- key space or queue
    key          text        NOT NULL DEFAULT '', -- key, tag, or type of a task
    payload      json,
    durable      boolean     NOT NULL DEFAULT false,
    attempts     integer     NOT NULL DEFAULT 0, -- how often Redis did not confirm it
    -- Not before this time; new rows are before all that were refused, delivered tasks
    -- behind all others.
    due          timestamptz NOT NULL DEFAULT '-infinity',
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    delivered_at timestamptz,
    PRIMARY KEY (due, id)
) WITH (
    -- Rows live for moments, so the share of dead ones says nothing: count them.
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0
);

-- The first version's primary key was the id, and who took rows had an index beside it.
DO $$ BEGIN
    IF (SELECT cardinality(conkey) = 1 FROM pg_catalog.pg_constraint WHERE conrelid = 'speedlayer.outbox'::regclass AND contype = 'p') THEN
        ALTER TABLE speedlayer.outbox DROP CONSTRAINT outbox_pkey, ADD PRIMARY KEY (due, id);
        DROP INDEX speedlayer.outbox_waiting;
    END IF;
END $$;

-- A writer pays for the primary key alone.
CREATE INDEX IF NOT EXISTS outbox_durable ON speedlayer.outbox (id) WHERE durable;
CREATE INDEX IF NOT EXISTS outbox_delivered ON speedlayer.outbox (durable, delivered_at) WHERE delivered_at IS NOT NULL;

-- The invalidations of the last minute, to be repeated when Redis loses data: a row
-- for the keys of one batch.
CREATE TABLE IF NOT EXISTS speedlayer.outbox_recent (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    kind         text        NOT NULL,
    target       text        NOT NULL,
    keys         text[]      NOT NULL,
    delivered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (delivered_at, id)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000
);

-- What all relays share, in one row.
CREATE TABLE IF NOT EXISTS speedlayer.outbox_relay (
    singleton    boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    -- Until then somebody sleeps and has to be woken by NOTIFY. A time and no flag,
    -- so that a relay that was killed in its sleep does not leave it set.
    asleep_until timestamptz,
    taken_at     timestamptz, -- when rows were last taken
    identity     text,        -- of the data that Redis holds
    epoch        bigint NOT NULL DEFAULT 0 -- counts the changes of identity
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- The second until which somebody sleeps, a copy of asleep_until for writers: they
-- read a sequence without a query, and as it is now, not as their snapshot has it.
-- Not called yet: nobody sleeps.
CREATE SEQUENCE IF NOT EXISTS speedlayer.outbox_asleep;

INSERT INTO speedlayer.outbox_relay DEFAULT VALUES ON CONFLICT DO NOTHING;
