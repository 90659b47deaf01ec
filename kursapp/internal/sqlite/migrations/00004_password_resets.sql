-- +goose Up

-- As on PostgreSQL.
CREATE TABLE password_resets (
    token_digest BLOB    NOT NULL PRIMARY KEY,
    user_id      INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    expires_at   INTEGER NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER kursapp_drop_password_reset AFTER UPDATE OF email, password_hash ON users
    WHEN OLD.email IS NOT NEW.email
        OR (OLD.password_hash IS NOT NEW.password_hash AND NEW.credentials_version <> ~OLD.credentials_version)
BEGIN
    DELETE FROM password_resets WHERE user_id = NEW.id;
END;
-- +goose StatementEnd
