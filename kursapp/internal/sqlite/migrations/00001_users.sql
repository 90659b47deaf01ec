-- +goose Up

-- The demo's counterpart of the PostgreSQL table of the same name.
CREATE TABLE users (
    -- AUTOINCREMENT: an id is never used twice, not even that of the newest
    -- user after its deletion.
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL,
    email         TEXT    NOT NULL,
    -- argon2id in PHC format; empty: nobody can log in with this account.
    password_hash TEXT    NOT NULL DEFAULT '',
    role          TEXT    NOT NULL DEFAULT 'user',
    -- Microseconds since 1970 in UTC, the resolution of PostgreSQL.
    created_at    INTEGER NOT NULL,

    CONSTRAINT users_name_length  CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT users_email_length CHECK (length(email) BETWEEN 1 AND 254),
    CONSTRAINT users_role         CHECK (role IN ('user', 'admin'))
) STRICT;

-- Addresses are ASCII and equal without regard to case; SQLite's lower()
-- touches A-Z alone.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

-- Addresses that wait for their owner's confirmation, one per user at most.
CREATE TABLE email_changes (
    token_digest BLOB    NOT NULL PRIMARY KEY,
    user_id      INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    new_email    TEXT    NOT NULL,
    expires_at   INTEGER NOT NULL,

    CONSTRAINT email_changes_email_length CHECK (length(new_email) BETWEEN 1 AND 254)
) STRICT;

-- An address that waits for confirmation is void once the address was changed
-- another way: the newer decision counts.
-- +goose StatementBegin
CREATE TRIGGER kursapp_drop_email_change AFTER UPDATE OF email ON users
    WHEN OLD.email IS NOT NEW.email
BEGIN
    DELETE FROM email_changes WHERE user_id = NEW.id;
END;
-- +goose StatementEnd
