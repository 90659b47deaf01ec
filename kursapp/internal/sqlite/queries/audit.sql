-- name: AddAudit :exec
-- 0 is no id.
INSERT INTO audit_log (at, actor_id, action, subject_id, client_address, user_agent, detail)
VALUES (
    @at, nullif(CAST(@actor_id AS INTEGER), 0), @action, nullif(CAST(@subject_id AS INTEGER), 0), @client_address,
    @user_agent, @detail
);

-- name: Audit :many
-- The newest first: those before an id, or all before 0; about one user, or all for 0;
-- with the actions of a JSON array, or all for an empty one.
SELECT
    id, at, CAST(coalesce(actor_id, 0) AS INTEGER) AS actor_id, action, CAST(coalesce(subject_id, 0) AS INTEGER) AS subject_id,
    client_address, user_agent, detail
FROM audit_log
WHERE (CAST(@before AS INTEGER) = 0 OR id < CAST(@before AS INTEGER))
    AND (CAST(@user_id AS INTEGER) = 0 OR actor_id = CAST(@user_id AS INTEGER) OR subject_id = CAST(@user_id AS INTEGER))
    AND (CAST(@actions AS TEXT) = '[]' OR action IN (SELECT wanted.value FROM json_each(CAST(@actions AS TEXT)) AS wanted))
ORDER BY id DESC
LIMIT @max_rows;

-- name: SweepAudit :execrows
DELETE FROM audit_log
WHERE id IN (
    SELECT old.id
    FROM audit_log AS old
    WHERE old.at < @before
    ORDER BY old.at
    LIMIT @max_rows
);

-- name: SetOrigin :exec
INSERT INTO audit_origin (only_row, actor_id, client_address, user_agent, made_by)
VALUES (1, nullif(CAST(@actor_id AS INTEGER), 0), @client_address, @user_agent, nullif(CAST(@made_by AS TEXT), ''));

-- name: ForgetOrigin :exec
DELETE FROM audit_origin;
