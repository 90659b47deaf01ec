-- name: Mode :one
SELECT value
FROM public.kursapp_meta
WHERE key = 'mode';

-- name: SetModeOnce :exec
-- Leaves a mark that is there as it is.
INSERT INTO public.kursapp_meta (key, value)
VALUES ('mode', @mode)
ON CONFLICT (key) DO NOTHING;

-- name: ForgetMode :exec
DELETE FROM public.kursapp_meta
WHERE key = 'mode';

-- name: AnyUser :one
SELECT EXISTS (SELECT 1 FROM public.users);

-- name: SeedUsers :exec
-- The contract's sample data: 10,000 users, of whom only Max has a password.
-- One statement remembers precisely the rows that it made.
WITH seeded AS (
    INSERT INTO public.users (id, name, email, password_hash, role)
    SELECT
        n,
        CASE WHEN n = 1 THEN 'Max' ELSE 'User ' || n END,
        CASE WHEN n = 1 THEN 'max@example.com' ELSE 'user' || n || '@example.com' END,
        CASE WHEN n = 1 THEN @password_hash::text ELSE '' END,
        CASE WHEN n = 1 THEN 'admin' ELSE 'user' END
    FROM generate_series(1, 10000) AS n
    RETURNING id
)
INSERT INTO public.demo_users (id)
SELECT seeded.id
FROM seeded;

-- name: AdvanceSequence :exec
-- New users come behind the sample data, and never behind an id that was used.
SELECT setval('public.users_id_seq', greatest(10000, nextval('public.users_id_seq') - 1));

-- name: DeleteSeededUsers :execrows
DELETE FROM public.users
WHERE id IN (SELECT demo_users.id FROM public.demo_users);

-- name: FirstRelation :one
-- A table, view or sequence that somebody made, whichever comes first by name;
-- no row where the database is empty. What extensions brought does not count.
SELECT (n.nspname || '.' || c.relname)::text AS relation
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname <> 'information_schema'
    AND n.nspname NOT LIKE 'pg\_%'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY relation
LIMIT 1;

-- name: TryLock :one
SELECT pg_try_advisory_xact_lock(@key::bigint);
