-- The tables of the outbox. Everything here can be run again.

CREATE SCHEMA IF NOT EXISTS speedlayer;

-- One row is one thing that Redis has to learn.
CREATE TABLE IF NOT EXISTS speedlayer.outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text        NOT NULL, -- invalidate, invalidate_tag, invalidate_all, task
    target       text        NOT NULL, -- key space or queue
    key          text        NOT NULL DEFAULT '', -- key, tag, or type of a task
    payload      json,
    durable      boolean     NOT NULL DEFAULT false,
    attempts     integer     NOT NULL DEFAULT 0, -- how often Redis did not confirm it
    -- Not before this time; new rows are before all that were refused.
    due          timestamptz NOT NULL DEFAULT '-infinity',
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    delivered_at timestamptz
) WITH (
    -- Rows live for a minute, so the share of dead ones says nothing: count them.
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0
);

-- A writer pays for this index and the primary key, no more.
CREATE INDEX IF NOT EXISTS outbox_waiting ON speedlayer.outbox (due, id) WHERE delivered_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_delivered ON speedlayer.outbox (durable, delivered_at) WHERE delivered_at IS NOT NULL;

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
