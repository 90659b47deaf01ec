-- +goose Up

-- As on PostgreSQL: grows with every change of the password or the role. SQLite adds
-- no column whose default is computed, and none of its triggers changes a row before
-- it is written, so these set the column afterwards.
ALTER TABLE users ADD COLUMN credentials_version INTEGER NOT NULL DEFAULT 0;

-- +goose StatementBegin
CREATE TRIGGER kursapp_first_credentials AFTER INSERT ON users
    WHEN NEW.credentials_version = 0
BEGIN
    UPDATE users
    SET credentials_version = CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000
    WHERE id = NEW.id;
END;
-- +goose StatementEnd

-- A better hash of the same password is no change: its statement says so by the
-- complement of the version.
-- +goose StatementBegin
CREATE TRIGGER kursapp_keep_credentials AFTER UPDATE OF password_hash ON users
    WHEN NEW.credentials_version = ~OLD.credentials_version
BEGIN
    UPDATE users SET credentials_version = OLD.credentials_version WHERE id = NEW.id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER kursapp_raise_credentials AFTER UPDATE OF password_hash, role ON users
    WHEN (OLD.password_hash IS NOT NEW.password_hash OR OLD.role IS NOT NEW.role)
        AND NEW.credentials_version <> ~OLD.credentials_version
BEGIN
    UPDATE users
    SET credentials_version = max(
        OLD.credentials_version + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000)
    WHERE id = NEW.id;
    INSERT INTO outbox (kind, target, key) VALUES ('invalidate', 'sessions', NEW.id);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER kursapp_outbox_sessions AFTER DELETE ON users
BEGIN
    INSERT INTO outbox (kind, target, key) VALUES ('invalidate', 'sessions', OLD.id);
END;
-- +goose StatementEnd
