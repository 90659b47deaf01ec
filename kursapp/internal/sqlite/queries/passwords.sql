-- name: ChangePassword :execrows
UPDATE users
SET password_hash = @next
WHERE id = @id AND password_hash = @old;

-- name: SetPasswordReset :exec
INSERT INTO password_resets (token_digest, user_id, expires_at)
VALUES (@token_digest, @user_id, @expires_at)
ON CONFLICT (user_id) DO UPDATE
SET token_digest = excluded.token_digest,
    expires_at = excluded.expires_at;

-- name: PasswordReset :one
SELECT users.id, users.name, users.email
FROM password_resets
JOIN users ON users.id = password_resets.user_id
WHERE password_resets.token_digest = @token_digest AND password_resets.expires_at > @now;

-- name: TakePasswordReset :one
DELETE FROM password_resets
WHERE token_digest = @token_digest AND expires_at > @now
RETURNING user_id;

-- name: SetPassword :one
UPDATE users
SET password_hash = @next
WHERE id = @id
RETURNING id, name, email;
