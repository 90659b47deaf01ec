package postgres

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// beginWithTasks lets the server end the transaction of a process that froze in the
// middle: until then nobody else can register that address, or change that user.
const beginWithTasks = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '15s'"

// CreateUser inserts a user and its tasks in one transaction.
func (s *Store) CreateUser(ctx context.Context, u kurs.NewAccount, tasks ...outbox.Task) (kurs.User, error) {
	if err := cmp.Or(checkText(kurs.FieldName, u.Name), checkText(kurs.FieldEmail, u.Email)); err != nil {
		return kurs.User{}, err
	}
	return transact(ctx, s, "create user", tasks, func(ctx context.Context, q *dbsqlc.Queries) (kurs.User, error) {
		row, err := q.CreateUser(ctx, dbsqlc.CreateUserParams{
			Name: u.Name, Email: u.Email, PasswordHash: u.PasswordHash, Role: string(u.Role),
		})
		if err != nil {
			return kurs.User{}, err
		}
		return kurs.User(row), addAudit(ctx, q, []kurs.AuditEntry{kurs.RegisteredBy(ctx, row.ID, time.Now())})
	})
}

// transact does in one transaction what f does, and stores the tasks.
func transact[T any](
	ctx context.Context, s *Store, op string, tasks []outbox.Task, f func(context.Context, *dbsqlc.Queries) (T, error),
) (T, error) {
	return transactThen(ctx, s, op, f, func(T) []outbox.Task { return tasks })
}

// transactThen is transact for tasks that depend on what f found.
//
// Where ctx ends before the commit begins, nothing is stored. Where the
// connection is lost during the commit, all or nothing may be there: the
// error is kurs.CodeUnavailable and wraps kurs.ErrOutcomeUnknown.
func transactThen[T any](
	ctx context.Context, s *Store, op string, f func(context.Context, *dbsqlc.Queries) (T, error), tasks func(T) []outbox.Task,
) (T, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return *new(T), s.translate(op, err)
	}
	defer conn.Release()
	tx, result, err := prepare(ctx, s, conn, f, tasks)
	if err != nil {
		s.dropReadOnly(err)
		return *new(T), s.translate(op, err)
	}
	defer s.rollback(ctx, tx)
	if err := ctx.Err(); err != nil {
		return *new(T), s.translate(op, err)
	}
	ctx, cancel := s.detached(ctx)
	defer cancel()
	if err := tx.Commit(ctx); err != nil {
		return *new(T), unavailable(fmt.Errorf("postgres: %s: commit: %w: %w", op, kurs.ErrOutcomeUnknown, err))
	}
	return result, nil
}

// prepare begins a transaction and does everything but commit it.
func prepare[T any](
	ctx context.Context, s *Store, conn *pgxpool.Conn, f func(context.Context, *dbsqlc.Queries) (T, error), tasks func(T) []outbox.Task,
) (pgx.Tx, T, error) {
	bound, cancel := context.WithTimeout(ctx, s.callTimeout)
	defer cancel()
	tx, err := conn.BeginTx(bound, pgx.TxOptions{BeginQuery: beginWithTasks})
	if err != nil {
		return nil, *new(T), fmt.Errorf("begin: %w", err)
	}
	result, err := f(bound, dbsqlc.New(tx))
	if err == nil {
		err = outboxpgx.Enqueue(bound, tx, tasks(result)...)
	}
	if err != nil {
		s.rollback(ctx, tx)
		return nil, *new(T), err
	}
	return tx, result, nil
}

// rollback ends tx unless it has ended. Where that fails, the pool drops the
// connection, which ends it as well.
func (s *Store) rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := s.detached(ctx)
	defer cancel()
	_ = tx.Rollback(ctx)
}
