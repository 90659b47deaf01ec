-- name: AddAudit :exec
-- 0 is no id.
INSERT INTO public.audit_log (at, actor_id, action, subject_id, client_address, user_agent, detail)
SELECT
    unnest(@at::timestamptz[]), nullif(unnest(@actor_id::bigint[]), 0), unnest(@action::text[]),
    nullif(unnest(@subject_id::bigint[]), 0), unnest(@client_address::text[]), unnest(@user_agent::text[]),
    unnest(@detail::text[])::jsonb;

-- name: Audit :many
-- The newest first: those before an id, or all before 0; about one user, or all for 0;
-- with some actions, or all for none.
SELECT
    id, at, coalesce(actor_id, 0)::bigint AS actor_id, action, coalesce(subject_id, 0)::bigint AS subject_id,
    client_address, user_agent, detail::text AS detail
FROM public.audit_log
WHERE (@before::bigint = 0 OR id < @before)
    AND (@user_id::bigint = 0 OR actor_id = @user_id OR subject_id = @user_id)
    AND (cardinality(@actions::text[]) = 0 OR action = ANY (@actions::text[]))
ORDER BY id DESC
LIMIT @max_rows;

-- name: SweepAudit :execrows
DELETE FROM public.audit_log
WHERE id IN (
    SELECT old.id
    FROM public.audit_log AS old
    WHERE old.at < @before
    ORDER BY old.at
    LIMIT @max_rows
    FOR UPDATE SKIP LOCKED
);
