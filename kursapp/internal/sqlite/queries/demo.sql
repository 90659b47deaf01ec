-- name: AnyUser :one
SELECT EXISTS (SELECT 1 FROM users);
