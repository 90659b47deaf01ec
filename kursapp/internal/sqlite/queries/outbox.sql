-- name: WaitingRows :many
SELECT id, kind, target, key, payload, durable, created_at, repeated
FROM outbox
WHERE delivered_at IS NULL AND due <= @now
ORDER BY due, id
LIMIT @max_rows;

-- name: NextDue :one
-- When the first of the refused rows is tried again; 0: there is none.
SELECT CAST(coalesce(min(due), 0) AS INTEGER) AS due
FROM outbox
WHERE delivered_at IS NULL AND due > 0;

-- name: MarkDelivered :execrows
UPDATE outbox
SET delivered_at = @now
WHERE id IN (sqlc.slice('ids')) AND delivered_at IS NULL;

-- name: MarkRefused :execrows
-- Each pause is twice as long as the one before: first, and longest at most, both in
-- microseconds.
UPDATE outbox
SET attempts = attempts + 1,
    due = @now + min(@first << min(attempts, 20), CAST(@longest AS INTEGER))
WHERE id IN (sqlc.slice('ids')) AND delivered_at IS NULL;

-- name: AddTask :exec
INSERT INTO outbox (kind, target, key, payload, durable)
VALUES ('task', @target, @key, @payload, @durable);

-- name: Identity :one
SELECT identity
FROM outbox_identity;

-- name: SetIdentity :exec
INSERT INTO outbox_identity (only_row, identity)
VALUES (1, @identity)
ON CONFLICT (only_row) DO UPDATE
SET identity = excluded.identity;

-- name: RepeatDelivered :execrows
-- A durable task's row is there for as long as the task is not done.
UPDATE outbox
SET delivered_at = NULL, attempts = 0, due = 0, repeated = 1
WHERE delivered_at IS NOT NULL
    AND (durable <> 0 OR (kind <> 'task' AND delivered_at >= @since));

-- name: CompleteTasks :exec
DELETE FROM outbox
WHERE id IN (sqlc.slice('ids')) AND durable <> 0;

-- name: RepeatOverdue :execrows
-- Durable tasks that nobody has completed for so long.
UPDATE outbox
SET delivered_at = NULL, attempts = 0, due = 0, repeated = 1
WHERE id IN (
    SELECT old.id
    FROM outbox AS old
    WHERE old.delivered_at < @before AND old.durable <> 0
    LIMIT @max_rows
);

-- name: SweepDelivered :execrows
DELETE FROM outbox
WHERE id IN (
    SELECT old.id
    FROM outbox AS old
    WHERE old.delivered_at < @before AND old.durable = 0
    LIMIT @max_rows
);

-- name: Backlog :one
-- At most as many rows as anybody wants to count; the oldest is among them.
SELECT
    count(*) AS rows_waiting,
    CAST(coalesce(min(created_at), 0) AS INTEGER) AS oldest
FROM (
    SELECT waiting.created_at
    FROM outbox AS waiting
    WHERE waiting.delivered_at IS NULL
    ORDER BY waiting.id
    LIMIT 5000
);

-- name: InvalidateEverything :exec
-- After the sample data: two rows say what thousands of them would.
INSERT INTO outbox (kind, target, key)
VALUES ('invalidate_all', 'user', ''), ('invalidate_tag', 'users', 'all');
