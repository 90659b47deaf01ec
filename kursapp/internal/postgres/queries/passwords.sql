-- name: ChangePassword :one
-- found tells a user without that hash from a user that does not exist.
WITH origin AS MATERIALIZED (SELECT set_config('kursapp.origin', @origin::text, true) AS said),
changed AS (
    UPDATE public.users
    SET password_hash = @next
    FROM origin
    WHERE users.id = @id AND users.password_hash = @old AND origin.said IS NOT NULL
    RETURNING users.id
)
SELECT
    EXISTS (SELECT 1 FROM public.users WHERE users.id = @id) AS found,
    EXISTS (SELECT 1 FROM changed) AS changed;

-- name: SetPasswordReset :execrows
-- The lock is as in SetEmailChange.
WITH owner AS MATERIALIZED (
    SELECT users.id FROM public.users WHERE users.id = @user_id FOR SHARE
)
INSERT INTO public.password_resets (token_digest, user_id, expires_at)
SELECT @token_digest, owner.id, @expires_at
FROM owner
ON CONFLICT (user_id) DO UPDATE
SET token_digest = excluded.token_digest,
    expires_at = excluded.expires_at;

-- name: PasswordReset :one
SELECT users.id, users.name, users.email
FROM public.password_resets
JOIN public.users ON users.id = password_resets.user_id
WHERE password_resets.token_digest = @token_digest AND password_resets.expires_at > @now;

-- name: ResetPassword :one
-- One statement: of two with the same token the second waits for the row and then
-- finds it gone. The user's row is locked first, as in ConfirmEmailChange.
WITH origin AS MATERIALIZED (SELECT set_config('kursapp.origin', @origin::text, true) AS said),
owner AS MATERIALIZED (
    SELECT users.id
    FROM public.users
    WHERE users.id = (
        SELECT r.user_id FROM public.password_resets AS r WHERE r.token_digest = @token_digest AND r.expires_at > @now
    )
    FOR NO KEY UPDATE
),
reset AS (
    DELETE FROM public.password_resets AS r
    USING owner
    WHERE r.user_id = owner.id AND r.token_digest = @token_digest AND r.expires_at > @now
    RETURNING r.user_id
)
UPDATE public.users
SET password_hash = @next
FROM reset, origin
WHERE users.id = reset.user_id AND origin.said IS NOT NULL
RETURNING users.id, users.name, users.email;
