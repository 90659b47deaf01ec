-- +goose Up

-- As on PostgreSQL: an address that waits for its confirmation is void once the password
-- was changed too.
DROP TRIGGER kursapp_drop_email_change;
-- +goose StatementBegin
CREATE TRIGGER kursapp_drop_email_change AFTER UPDATE OF email, password_hash ON users
    WHEN OLD.email IS NOT NEW.email
        OR (OLD.password_hash IS NOT NEW.password_hash AND NEW.credentials_version <> ~OLD.credentials_version)
BEGIN
    DELETE FROM email_changes WHERE user_id = NEW.id;
END;
-- +goose StatementEnd
