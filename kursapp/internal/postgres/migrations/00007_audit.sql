-- +goose Up

-- Who did what to which account, when and from where. No names, e-mail addresses and
-- secrets; the ids stay when the users go, so they refer to nothing.
CREATE TABLE IF NOT EXISTS public.audit_log (
    id             bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_id       bigint,     -- null: nobody who was logged in
    action         text        NOT NULL,
    subject_id     bigint,     -- null: no account, or not known which
    client_address text        NOT NULL DEFAULT '',
    user_agent     text        NOT NULL DEFAULT '',
    detail         jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS audit_log_subject ON public.audit_log (subject_id, id);
CREATE INDEX IF NOT EXISTS audit_log_actor ON public.audit_log (actor_id, id);
CREATE INDEX IF NOT EXISTS audit_log_at ON public.audit_log (at);

-- Changes of users are written by a trigger, so that those by hand are there too. Who
-- makes a change through kursapp stands in kursapp.origin, for the one transaction:
-- {"actor":1,"address":"192.0.2.1","agent":"curl/8","by":"…"}.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION public.kursapp_audit(action text, subject bigint, detail jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    origin jsonb := coalesce(nullif(current_setting('kursapp.origin', true), '')::jsonb, '{"by":"database"}');
BEGIN
    IF origin ? 'by' THEN
        detail := detail || jsonb_build_object('by', origin -> 'by');
    END IF;
    INSERT INTO public.audit_log (actor_id, action, subject_id, client_address, user_agent, detail)
    VALUES ((origin ->> 'actor')::bigint, action, subject,
        coalesce(origin ->> 'address', ''), coalesce(origin ->> 'agent', ''), detail);
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION public.kursapp_audit(text, bigint, jsonb) FROM PUBLIC;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION public.kursapp_audit_users() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    fields text[] := '{}';
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM public.kursapp_audit('users_truncated', NULL, '{}');
        RETURN NULL;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM public.kursapp_audit('user_deleted', OLD.id, '{}');
        RETURN NULL;
    END IF;
    IF OLD.name IS DISTINCT FROM NEW.name THEN
        fields := fields || 'name'::text;
    END IF;
    IF OLD.email IS DISTINCT FROM NEW.email THEN
        fields := fields || 'email'::text;
    END IF;
    IF fields <> '{}' THEN
        PERFORM public.kursapp_audit('user_changed', NEW.id, jsonb_build_object('fields', fields));
    END IF;
    -- Not where a better hash of the same password was stored (00005_credentials.sql).
    IF OLD.password_hash IS DISTINCT FROM NEW.password_hash
            AND OLD.credentials_version IS DISTINCT FROM NEW.credentials_version THEN
        PERFORM public.kursapp_audit('password_changed', NEW.id, '{}');
    END IF;
    IF OLD.role IS DISTINCT FROM NEW.role THEN
        PERFORM public.kursapp_audit('role_changed', NEW.id, jsonb_build_object('from', OLD.role, 'to', NEW.role));
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION public.kursapp_audit_users() FROM PUBLIC;

DROP TRIGGER IF EXISTS kursapp_audit_update ON public.users;
CREATE TRIGGER kursapp_audit_update AFTER UPDATE ON public.users
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.email IS DISTINCT FROM NEW.email
        OR OLD.password_hash IS DISTINCT FROM NEW.password_hash OR OLD.role IS DISTINCT FROM NEW.role)
    EXECUTE FUNCTION public.kursapp_audit_users();
DROP TRIGGER IF EXISTS kursapp_audit_delete ON public.users;
CREATE TRIGGER kursapp_audit_delete AFTER DELETE ON public.users
    FOR EACH ROW EXECUTE FUNCTION public.kursapp_audit_users();
DROP TRIGGER IF EXISTS kursapp_audit_truncate ON public.users;
CREATE TRIGGER kursapp_audit_truncate AFTER TRUNCATE ON public.users
    FOR EACH STATEMENT EXECUTE FUNCTION public.kursapp_audit_users();
