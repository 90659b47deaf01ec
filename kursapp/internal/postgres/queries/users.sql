-- name: User :one
SELECT id, name, email
FROM public.users
WHERE id = @id;

-- name: Users :many
SELECT id, name, email
FROM public.users
WHERE id > @after
ORDER BY id
LIMIT @max_rows;

-- name: SearchUsers :many
-- The pattern is a regular expression (search.go).
SELECT id, name, email
FROM public.users
WHERE id > @after AND (name ~ @pattern::text OR email ~ @pattern::text)
ORDER BY id
LIMIT @max_rows;

-- name: Account :one
SELECT id, name, email, password_hash, role, created_at, credentials_version
FROM public.users
WHERE id = @id;

-- name: AccountByEmail :one
-- The same expression as users_email_key, so that the index serves it.
SELECT id, name, email, password_hash, role, created_at, credentials_version
FROM public.users
WHERE lower(email COLLATE "C") = lower(sqlc.arg(email)::text COLLATE "C");

-- name: CreateUser :one
INSERT INTO public.users (name, email, password_hash, role)
VALUES (@name, @email, @password_hash, @role)
RETURNING id, name, email;

-- name: UpdateUser :one
-- Here and below: the first part says who it is, for the audit log (00007_audit.sql).
-- The lock makes before the very row that the update replaces, whatever waits for it.
WITH origin AS MATERIALIZED (SELECT set_config('kursapp.origin', @origin::text, true) AS said),
before AS MATERIALIZED (
    SELECT users.id, users.name, users.email FROM public.users WHERE users.id = @id FOR NO KEY UPDATE
)
UPDATE public.users
SET name = @name, email = @email
FROM before, origin
WHERE users.id = before.id AND origin.said IS NOT NULL
RETURNING users.id, users.name, users.email, before.name AS old_name, before.email AS old_email;

-- name: RenameUser :one
WITH origin AS MATERIALIZED (SELECT set_config('kursapp.origin', @origin::text, true) AS said)
UPDATE public.users
SET name = @name
FROM origin
WHERE users.id = @id AND origin.said IS NOT NULL
RETURNING users.id, users.name, users.email;

-- name: DeleteUser :execrows
WITH origin AS MATERIALIZED (SELECT set_config('kursapp.origin', @origin::text, true) AS said)
DELETE FROM public.users
USING origin
WHERE users.id = @id AND origin.said IS NOT NULL;

-- name: RemoveUser :one
-- Locks as ChangeRole does. found is of before the deletion.
WITH origin AS MATERIALIZED (SELECT set_config('kursapp.origin', @origin::text, true) AS said),
admins AS MATERIALIZED (
    SELECT users.id FROM public.users WHERE users.role = 'admin' ORDER BY users.id FOR NO KEY UPDATE
),
removed AS (
    DELETE FROM public.users
    USING origin
    WHERE users.id = @id AND origin.said IS NOT NULL
        AND (users.role <> 'admin' OR EXISTS (SELECT 1 FROM admins WHERE admins.id <> @id))
    RETURNING users.id
)
SELECT
    EXISTS (SELECT 1 FROM public.users WHERE users.id = @id) AS found,
    EXISTS (SELECT 1 FROM removed) AS removed;

-- name: SetRole :execrows
WITH origin AS MATERIALIZED (SELECT set_config('kursapp.origin', @origin::text, true) AS said)
UPDATE public.users
SET role = @role
FROM origin
WHERE users.id = @id AND origin.said IS NOT NULL;

-- name: ChangeRole :one
-- Administrators are locked in one order, up to one who stays: of two who give up the role
-- at once, the second one sees what became of the first.
WITH origin AS MATERIALIZED (SELECT set_config('kursapp.origin', @origin::text, true) AS said),
admins AS MATERIALIZED (
    SELECT users.id FROM public.users WHERE users.role = 'admin' ORDER BY users.id FOR NO KEY UPDATE
),
changed AS (
    UPDATE public.users
    SET role = @role
    FROM origin
    WHERE users.id = @id AND origin.said IS NOT NULL
        AND (@role = 'admin' OR users.role <> 'admin' OR EXISTS (SELECT 1 FROM admins WHERE admins.id <> @id))
    RETURNING users.id
)
SELECT
    EXISTS (SELECT 1 FROM public.users WHERE users.id = @id) AS found,
    EXISTS (SELECT 1 FROM changed) AS changed;

-- name: CredentialsVersions :many
SELECT id, credentials_version
FROM public.users
WHERE id = ANY (@ids::bigint[]);

-- name: ReplacePasswordHash :one
-- The complement says that the password is still the same (00005_credentials.sql).
-- found tells a user without that hash from a user that does not exist.
WITH replaced AS (
    UPDATE public.users
    SET password_hash = @next, credentials_version = ~credentials_version
    WHERE users.id = @id AND users.password_hash = @old
    RETURNING users.id
)
SELECT
    EXISTS (SELECT 1 FROM public.users WHERE users.id = @id) AS found,
    EXISTS (SELECT 1 FROM replaced) AS replaced;
