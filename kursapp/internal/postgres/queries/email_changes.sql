-- name: SetEmailChange :exec
INSERT INTO public.email_changes (token_digest, user_id, new_email, expires_at)
VALUES (@token_digest, @user_id, @new_email, @expires_at)
ON CONFLICT (user_id) DO UPDATE
SET token_digest = excluded.token_digest,
    new_email = excluded.new_email,
    expires_at = excluded.expires_at;

-- name: ConfirmEmailChange :one
-- One statement, hence one transaction: of two confirmations at the same time
-- the second waits for the row and then finds it gone. A taken address fails
-- the whole and leaves the change in place.
WITH origin AS MATERIALIZED (SELECT set_config('kursapp.origin', @origin::text, true) AS said),
change AS (
    DELETE FROM public.email_changes
    WHERE token_digest = @token_digest AND expires_at > @now
    RETURNING user_id, new_email
)
UPDATE public.users
SET email = change.new_email
FROM change, origin
WHERE users.id = change.user_id AND origin.said IS NOT NULL
RETURNING users.id, users.name, users.email;
