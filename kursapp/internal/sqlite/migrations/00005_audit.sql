-- +goose Up

-- As on PostgreSQL.
CREATE TABLE audit_log (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    at             INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000),
    actor_id       INTEGER,
    action         TEXT    NOT NULL,
    subject_id     INTEGER,
    client_address TEXT    NOT NULL DEFAULT '',
    user_agent     TEXT    NOT NULL DEFAULT '',
    detail         TEXT    NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX audit_log_subject ON audit_log (subject_id, id);
CREATE INDEX audit_log_actor ON audit_log (actor_id, id);
CREATE INDEX audit_log_at ON audit_log (at);

-- Who makes the changes of the present transaction: one row within transactions of
-- kursapp, none otherwise. There is one writer at a time.
CREATE TABLE audit_origin (
    only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
    actor_id       INTEGER,
    client_address TEXT    NOT NULL,
    user_agent     TEXT    NOT NULL,
    made_by        TEXT
) STRICT;

-- The triggers write an action and its detail here, and this one adds who it was.
CREATE VIEW audit_event (action, subject_id, detail) AS SELECT '', 0, '{}';

-- +goose StatementBegin
CREATE TRIGGER kursapp_audit INSTEAD OF INSERT ON audit_event
BEGIN
    INSERT INTO audit_log (actor_id, action, subject_id, client_address, user_agent, detail)
    SELECT o.actor_id, NEW.action, NEW.subject_id, coalesce(o.client_address, ''), coalesce(o.user_agent, ''),
        json_patch(NEW.detail, json_object('by', CASE WHEN o.only_row IS NULL THEN 'database' ELSE o.made_by END))
    FROM (SELECT 1) LEFT JOIN audit_origin AS o;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER kursapp_audit_change AFTER UPDATE OF name, email ON users
    WHEN OLD.name IS NOT NEW.name OR OLD.email IS NOT NEW.email
BEGIN
    INSERT INTO audit_event (action, subject_id, detail)
    VALUES ('user_changed', NEW.id, json_object('fields', CASE
        WHEN OLD.email IS NEW.email THEN json_array('name')
        WHEN OLD.name IS NEW.name THEN json_array('email')
        ELSE json_array('name', 'email') END));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER kursapp_audit_password AFTER UPDATE OF password_hash ON users
    WHEN OLD.password_hash IS NOT NEW.password_hash AND NEW.credentials_version <> ~OLD.credentials_version
BEGIN
    INSERT INTO audit_event (action, subject_id, detail) VALUES ('password_changed', NEW.id, '{}');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER kursapp_audit_role AFTER UPDATE OF role ON users
    WHEN OLD.role IS NOT NEW.role
BEGIN
    INSERT INTO audit_event (action, subject_id, detail)
    VALUES ('role_changed', NEW.id, json_object('from', OLD.role, 'to', NEW.role));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER kursapp_audit_delete AFTER DELETE ON users
BEGIN
    INSERT INTO audit_event (action, subject_id, detail) VALUES ('user_deleted', OLD.id, '{}');
END;
-- +goose StatementEnd
