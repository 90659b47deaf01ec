-- The contract's sample data: 10,000 users, of whom only Max has a password.
-- ?1 is Max's password hash, ?2 created_at and credentials_version. (Not under queries/: sqlc does not
-- understand a recursive WITH before INSERT in SQLite's dialect.)
WITH RECURSIVE series (n) AS (
    SELECT 1
    UNION ALL
    SELECT n + 1 FROM series WHERE n < 10000
)
INSERT INTO users (id, name, email, password_hash, role, created_at, credentials_version)
SELECT
    n,
    CASE WHEN n = 1 THEN 'Max' ELSE 'User ' || n END,
    CASE WHEN n = 1 THEN 'max@example.com' ELSE 'user' || n || '@example.com' END,
    CASE WHEN n = 1 THEN ?1 ELSE '' END,
    CASE WHEN n = 1 THEN 'admin' ELSE 'user' END,
    ?2,
    ?2
FROM series;
