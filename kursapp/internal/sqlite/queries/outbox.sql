-- name: WaitingRows :many
SELECT id, kind, target, key, payload, durable, created_at
FROM outbox
WHERE delivered_at IS NULL
ORDER BY refused_at, id
LIMIT @max_rows;

-- name: MarkDelivered :execrows
UPDATE outbox
SET delivered_at = @now
WHERE id IN (sqlc.slice('ids')) AND delivered_at IS NULL;

-- name: MarkRefused :execrows
UPDATE outbox
SET refused_at = @now
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
SET delivered_at = NULL, refused_at = NULL
WHERE delivered_at IS NOT NULL
    AND (durable <> 0 OR (kind <> 'task' AND delivered_at >= @since));

-- name: CompleteTasks :exec
DELETE FROM outbox
WHERE id IN (sqlc.slice('ids')) AND durable <> 0;

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

-- name: ForgetInvalidations :exec
-- After the sample data: two rows say what thousands of them do.
DELETE FROM outbox
WHERE kind <> 'task';

-- name: InvalidateEverything :exec
INSERT INTO outbox (kind, target, key)
VALUES ('invalidate_all', 'user', ''), ('invalidate_tag', 'users', 'all');
