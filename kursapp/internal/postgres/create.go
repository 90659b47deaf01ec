package postgres

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/outbox/outboxpgx"
)

// beginCreate lets the server end the transaction of a process that froze in the
// middle: until then nobody else can register that address.
const beginCreate = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '15s'"

// CreateUser inserts a user and its tasks in one transaction.
//
// Where ctx ends before the commit begins, nothing is stored. Where the
// connection is lost during the commit, both may or may not be there: the
// error is kurs.CodeUnavailable and wraps kurs.ErrOutcomeUnknown.
func (s *Store) CreateUser(ctx context.Context, u kurs.NewAccount, tasks ...outbox.Task) (kurs.User, error) {
	const op = "create user"
	if err := cmp.Or(checkText(kurs.FieldName, u.Name), checkText(kurs.FieldEmail, u.Email)); err != nil {
		return kurs.User{}, err
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return kurs.User{}, s.translate(op, err)
	}
	defer conn.Release()
	tx, user, err := s.insert(ctx, conn, u, tasks)
	if err != nil {
		s.dropReadOnly(err)
		return kurs.User{}, s.translate(op, err)
	}
	defer s.rollback(ctx, tx)
	if err := ctx.Err(); err != nil {
		return kurs.User{}, s.translate(op, err)
	}
	ctx, cancel := s.detached(ctx)
	defer cancel()
	if err := tx.Commit(ctx); err != nil {
		return kurs.User{}, unavailable(fmt.Errorf("postgres: %s: commit: %w: %w", op, kurs.ErrOutcomeUnknown, err))
	}
	return user, nil
}

// beginner starts transactions: a connection of the pool.
type beginner interface {
	BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error)
}

// insert begins a transaction and stores u and the tasks in it.
func (s *Store) insert(ctx context.Context, conn beginner, u kurs.NewAccount, tasks []outbox.Task) (pgx.Tx, kurs.User, error) {
	bound, cancel := context.WithTimeout(ctx, s.callTimeout)
	defer cancel()
	tx, err := conn.BeginTx(bound, pgx.TxOptions{BeginQuery: beginCreate})
	if err != nil {
		return nil, kurs.User{}, fmt.Errorf("begin: %w", err)
	}
	row, err := dbsqlc.New(tx).CreateUser(bound, dbsqlc.CreateUserParams{
		Name: u.Name, Email: u.Email, PasswordHash: u.PasswordHash, Role: string(u.Role),
	})
	if err == nil {
		err = outboxpgx.Enqueue(bound, tx, tasks...)
	}
	if err != nil {
		s.rollback(ctx, tx)
		return nil, kurs.User{}, err
	}
	return tx, kurs.User(row), nil
}

// rollback ends tx unless it has ended. Where that fails, the pool drops the
// connection, which ends it as well.
func (s *Store) rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := s.detached(ctx)
	defer cancel()
	_ = tx.Rollback(ctx)
}
