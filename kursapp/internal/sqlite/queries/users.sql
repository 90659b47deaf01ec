-- name: User :one
SELECT id, name, email
FROM users
WHERE id = @id;

-- name: Users :many
SELECT id, name, email
FROM users
WHERE id > @after
ORDER BY id
LIMIT @max_rows;

-- name: SearchUsers :many
-- The pattern is GLOB's (search.go).
SELECT id, name, email
FROM users
WHERE id > @after AND (name GLOB CAST(@pattern AS TEXT) OR email GLOB CAST(@pattern AS TEXT))
ORDER BY id
LIMIT @max_rows;

-- name: Account :one
SELECT id, name, email, password_hash, role, created_at, credentials_version
FROM users
WHERE id = @id;

-- name: AccountByEmail :one
-- The same expression as users_email_key, so that the index serves it.
SELECT id, name, email, password_hash, role, created_at, credentials_version
FROM users
WHERE lower(email) = lower(@email);

-- name: CreateUser :one
INSERT INTO users (name, email, password_hash, role, created_at)
VALUES (@name, @email, @password_hash, @role, @created_at)
RETURNING id, name, email;

-- name: UpdateUser :one
UPDATE users
SET name = @name, email = @email
WHERE id = @id
RETURNING id, name, email;

-- name: RenameUser :one
UPDATE users
SET name = @name
WHERE id = @id
RETURNING id, name, email;

-- name: DeleteUser :execrows
DELETE FROM users
WHERE id = @id;

-- name: SetRole :execrows
UPDATE users
SET role = @role
WHERE id = @id;

-- name: OtherAdmin :one
SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND id <> @id);

-- name: CredentialsVersions :many
SELECT id, credentials_version
FROM users
WHERE id IN (sqlc.slice('ids'));

-- name: ReplacePasswordHash :execrows
-- The complement says that the password is still the same (00003_credentials.sql).
UPDATE users
SET password_hash = @next, credentials_version = ~credentials_version
WHERE id = @id AND password_hash = @old;
