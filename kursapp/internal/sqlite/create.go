package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite/dbsqlc"
	"github.com/speedlayer/speedlayer/outbox"
)

// CreateUser inserts a user and its tasks in one transaction.
func (s *Store) CreateUser(ctx context.Context, u kurs.NewAccount, tasks ...outbox.Task) (kurs.User, error) {
	if err := cmp.Or(checkText(kurs.FieldName, u.Name), checkText(kurs.FieldEmail, u.Email)); err != nil {
		return kurs.User{}, err
	}
	return transact(ctx, s, "create user", tasks, func(ctx context.Context, q *dbsqlc.Queries) (kurs.User, error) {
		row, err := q.CreateUser(ctx, dbsqlc.CreateUserParams{
			Name: u.Name, Email: u.Email, PasswordHash: u.PasswordHash, Role: string(u.Role), CreatedAt: time.Now().UnixMicro(),
		})
		if err != nil {
			return kurs.User{}, err
		}
		return kurs.User(row), addAudit(ctx, q, []kurs.AuditEntry{kurs.RegisteredBy(ctx, row.ID, time.Now())})
	})
}

// transact does in one transaction what f does, and stores the tasks. Where ctx ends
// before the commit begins, nothing is stored.
func transact[T any](
	ctx context.Context, s *Store, op string, tasks []outbox.Task, f func(context.Context, *dbsqlc.Queries) (T, error),
) (T, error) {
	return transactThen(ctx, s, op, f, func(T) []outbox.Task { return tasks })
}

// transactThen is transact for tasks that depend on what f found.
func transactThen[T any](
	ctx context.Context, s *Store, op string, f func(context.Context, *dbsqlc.Queries) (T, error), tasks func(T) []outbox.Task,
) (T, error) {
	tx, err := s.begin(ctx)
	if err != nil {
		return *new(T), s.translate(op, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	bound, cancel := context.WithTimeout(ctx, s.callTimeout)
	defer cancel()
	q := dbsqlc.New(tx)
	result, err := withOrigin(bound, q, func() (T, error) { return f(bound, q) })
	if err == nil {
		err = addTasks(bound, q, tasks(result))
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return *new(T), s.translate(op, err)
	}
	if err := tx.Commit(); err != nil {
		return *new(T), unavailable(s.translate(op+": commit", fmt.Errorf("%w: %w", kurs.ErrOutcomeUnknown, err)))
	}
	return result, nil
}
