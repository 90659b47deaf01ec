-- +goose Up

-- An address that waits for its confirmation is void once the password was changed too:
-- whoever asked for it may be the reason for that.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION public.kursapp_drop_email_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM public.email_changes WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION public.kursapp_drop_email_change() FROM PUBLIC;

DROP TRIGGER IF EXISTS kursapp_drop_email_change ON public.users;
CREATE TRIGGER kursapp_drop_email_change AFTER UPDATE ON public.users
    FOR EACH ROW WHEN (OLD.email IS DISTINCT FROM NEW.email
        OR OLD.password_hash IS DISTINCT FROM NEW.password_hash
            AND OLD.credentials_version IS DISTINCT FROM NEW.credentials_version)
    EXECUTE FUNCTION public.kursapp_drop_email_change();

-- A user who gets the id of another has a version that none of the other's sessions has.
DROP TRIGGER IF EXISTS kursapp_raise_credentials ON public.users;
CREATE TRIGGER kursapp_raise_credentials BEFORE UPDATE ON public.users
    FOR EACH ROW WHEN (OLD.password_hash IS DISTINCT FROM NEW.password_hash
        OR OLD.role IS DISTINCT FROM NEW.role
        OR OLD.id IS DISTINCT FROM NEW.id
        OR OLD.credentials_version IS DISTINCT FROM NEW.credentials_version)
    EXECUTE FUNCTION public.kursapp_raise_credentials();
