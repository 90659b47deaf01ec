-- +goose Up

-- The one-time tokens of mails for a forgotten password, one per user at most, as
-- SHA-256 digests.
CREATE TABLE IF NOT EXISTS public.password_resets (
    token_digest bytea       PRIMARY KEY,
    user_id      bigint      NOT NULL,
    expires_at   timestamptz NOT NULL,

    CONSTRAINT password_resets_user_id_key  UNIQUE (user_id),
    CONSTRAINT password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users (id) ON DELETE CASCADE
);

-- A token is void once the password was changed another way, or the address that its
-- mail went to, by hand too. A better hash of the same password leaves the version of
-- the credentials alone, and the token.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION public.kursapp_drop_password_reset() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM public.password_resets WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION public.kursapp_drop_password_reset() FROM PUBLIC;

DROP TRIGGER IF EXISTS kursapp_drop_password_reset ON public.users;
CREATE TRIGGER kursapp_drop_password_reset AFTER UPDATE ON public.users
    FOR EACH ROW WHEN (OLD.email IS DISTINCT FROM NEW.email
        OR OLD.password_hash IS DISTINCT FROM NEW.password_hash
            AND OLD.credentials_version IS DISTINCT FROM NEW.credentials_version)
    EXECUTE FUNCTION public.kursapp_drop_password_reset();
