-- name: SetEmailChange :exec
INSERT INTO email_changes (token_digest, user_id, new_email, expires_at)
VALUES (@token_digest, @user_id, @new_email, @expires_at)
ON CONFLICT (user_id) DO UPDATE
SET token_digest = excluded.token_digest,
    new_email = excluded.new_email,
    expires_at = excluded.expires_at;

-- name: TakeEmailChange :one
DELETE FROM email_changes
WHERE token_digest = @token_digest AND expires_at > @now
RETURNING user_id, new_email;

-- name: SetEmail :one
UPDATE users
SET email = @email
WHERE id = @id
RETURNING id, name, email;
