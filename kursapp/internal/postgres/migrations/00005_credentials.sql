-- +goose Up

-- Grows with every change of the password or the role, whoever makes it: what it was
-- when a session began tells whether the session is older than the change. Accounts
-- from before have 0, and so have their sessions.
ALTER TABLE public.users ADD COLUMN IF NOT EXISTS credentials_version bigint NOT NULL DEFAULT 0;
ALTER TABLE public.users ALTER COLUMN credentials_version
    SET DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

-- Setting the column by hand raises it too, and ends the sessions: it never falls.
-- A better hash of the same password is no change. The statement that stores one says
-- so by the complement of the version (~), which nobody writes by accident.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION public.kursapp_raise_credentials() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.credentials_version = ~OLD.credentials_version AND NEW.role = OLD.role THEN
        NEW.credentials_version := OLD.credentials_version;
    ELSE
        NEW.credentials_version := greatest(
            OLD.credentials_version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS kursapp_raise_credentials ON public.users;
CREATE TRIGGER kursapp_raise_credentials BEFORE UPDATE ON public.users
    FOR EACH ROW WHEN (OLD.password_hash IS DISTINCT FROM NEW.password_hash
        OR OLD.role IS DISTINCT FROM NEW.role
        OR OLD.credentials_version IS DISTINCT FROM NEW.credentials_version)
    EXECUTE FUNCTION public.kursapp_raise_credentials();

-- The sessions learn of it, and of users who are gone (kurs.OutboxSessions).
SELECT speedlayer.outbox_watch('public.users', target => 'sessions', key_column => 'id',
    columns => '{credentials_version}', events => '{update,delete,truncate}');
