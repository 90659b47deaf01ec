-- name: SetEmailChange :execrows
-- The lock waits for changes of the user that are not committed: their trigger cannot
-- void what it does not see yet (00008_void_codes.sql).
WITH owner AS MATERIALIZED (
    SELECT users.id FROM public.users WHERE users.id = @user_id FOR SHARE
)
INSERT INTO public.email_changes (token_digest, user_id, new_email, expires_at)
SELECT @token_digest, owner.id, @new_email, @expires_at
FROM owner
ON CONFLICT (user_id) DO UPDATE
SET token_digest = excluded.token_digest,
    new_email = excluded.new_email,
    expires_at = excluded.expires_at;

-- name: ConfirmEmailChange :one
-- One statement: of two confirmations at the same time the second waits for the row and
-- then finds it gone. A taken address fails the whole and leaves the change in place. The
-- user's row is locked first, as everywhere: its triggers reach for the change.
WITH origin AS MATERIALIZED (SELECT set_config('kursapp.origin', @origin::text, true) AS said),
owner AS MATERIALIZED (
    SELECT users.id, users.name, users.email
    FROM public.users
    WHERE users.id = (
        SELECT c.user_id FROM public.email_changes AS c WHERE c.token_digest = @token_digest AND c.expires_at > @now
    )
    FOR NO KEY UPDATE
),
change AS (
    DELETE FROM public.email_changes AS c
    USING owner
    WHERE c.user_id = owner.id AND c.token_digest = @token_digest AND c.expires_at > @now
    RETURNING c.user_id, c.new_email
)
UPDATE public.users
SET email = change.new_email
FROM change, owner, origin
WHERE users.id = change.user_id AND owner.id = change.user_id AND origin.said IS NOT NULL
RETURNING users.id, users.name, users.email, owner.name AS old_name, owner.email AS old_email;
