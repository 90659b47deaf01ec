-- +goose Up

-- What Redis has to learn (package outbox): written in the transaction of the change
-- that it follows from, by the triggers below or by the program.
CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    key          TEXT    NOT NULL DEFAULT '',
    -- A task's JSON.
    payload      TEXT    NOT NULL DEFAULT '',
    durable      INTEGER NOT NULL DEFAULT 0,
    -- Microseconds since 1970, as in users. julianday() is known to every sqlite3 shell.
    created_at   INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000),
    -- How often Redis did not confirm it, and when it is tried again; new rows are
    -- before all that were refused.
    attempts     INTEGER NOT NULL DEFAULT 0,
    due          INTEGER NOT NULL DEFAULT 0,
    delivered_at INTEGER,
    -- It was delivered before, to a Redis that lost it.
    repeated     INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT outbox_kind CHECK (kind IN ('invalidate', 'invalidate_tag', 'invalidate_all', 'task'))
) STRICT;

CREATE INDEX outbox_waiting ON outbox (due, id) WHERE delivered_at IS NULL;
CREATE INDEX outbox_delivered ON outbox (delivered_at) WHERE delivered_at IS NOT NULL;

-- One row: the data of Redis that the delivered rows were delivered to.
CREATE TABLE outbox_identity (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    identity TEXT NOT NULL
) STRICT;

-- Whoever changes a user, with whatever program, has the caches told. Pages show all
-- users and have one tag. (Not reached: a user whom REPLACE INTO removes because of
-- its address; SQLite fires no trigger for that.)
-- +goose StatementBegin
CREATE TRIGGER kursapp_outbox_insert AFTER INSERT ON users
BEGIN
    INSERT INTO outbox (kind, target, key)
    VALUES ('invalidate', 'user', NEW.id), ('invalidate_tag', 'users', 'all');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER kursapp_outbox_update AFTER UPDATE OF id, name, email ON users
    WHEN OLD.id IS NOT NEW.id OR OLD.name IS NOT NEW.name OR OLD.email IS NOT NEW.email
BEGIN
    INSERT INTO outbox (kind, target, key)
    VALUES ('invalidate', 'user', OLD.id), ('invalidate_tag', 'users', 'all');
    INSERT INTO outbox (kind, target, key)
    SELECT 'invalidate', 'user', NEW.id WHERE OLD.id IS NOT NEW.id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER kursapp_outbox_delete AFTER DELETE ON users
BEGIN
    INSERT INTO outbox (kind, target, key)
    VALUES ('invalidate', 'user', OLD.id), ('invalidate_tag', 'users', 'all');
END;
-- +goose StatementEnd
