package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
	"github.com/speedlayer/speedlayer/outbox"
)

// errOtherHash undoes a change of a password that has changed meanwhile.
var errOtherHash = errors.New("the password is another one by now")

// ChangePassword stores next and the tasks only where the present hash is old.
func (s *Store) ChangePassword(ctx context.Context, id int64, old, next string, tasks ...outbox.Task) (bool, error) {
	changed, err := transact(ctx, s, "change password", tasks, func(ctx context.Context, q *dbsqlc.Queries) (bool, error) {
		row, err := q.ChangePassword(ctx, dbsqlc.ChangePasswordParams{Origin: origin(ctx), ID: id, Old: old, Next: next})
		switch {
		case err != nil:
			return false, err
		case !row.Found:
			return false, kurs.ErrUserNotFound
		case !row.Changed:
			return false, errOtherHash
		}
		return true, nil
	})
	if errors.Is(err, errOtherHash) {
		return false, nil
	}
	return changed, err
}

// SetPasswordReset remembers the digest of a user's one-time token.
func (s *Store) SetPasswordReset(ctx context.Context, r kurs.PasswordReset, tokenDigest []byte) error {
	return oneUser(write(ctx, s, "set password reset", func(ctx context.Context, q *dbsqlc.Queries) (int64, error) {
		return q.SetPasswordReset(ctx, dbsqlc.SetPasswordResetParams{
			TokenDigest: tokenDigest, UserID: r.UserID, ExpiresAt: r.ExpiresAt,
		})
	}))
}

// PasswordReset returns whose unexpired token has the digest.
func (s *Store) PasswordReset(ctx context.Context, tokenDigest []byte, now time.Time) (kurs.User, error) {
	return read(ctx, s, "password reset", func(ctx context.Context, q *dbsqlc.Queries) (kurs.User, error) {
		row, err := q.PasswordReset(ctx, dbsqlc.PasswordResetParams{TokenDigest: tokenDigest, Now: now})
		return kurs.User(row), resetFailed(err)
	})
}

// ResetPassword uses up an unexpired token and stores next and the tasks.
func (s *Store) ResetPassword(ctx context.Context, tokenDigest []byte, now time.Time, next string, tasks ...outbox.Task) (kurs.User, error) {
	return transact(ctx, s, "reset password", tasks, func(ctx context.Context, q *dbsqlc.Queries) (kurs.User, error) {
		row, err := q.ResetPassword(ctx, dbsqlc.ResetPasswordParams{
			Origin: origin(ctx), TokenDigest: tokenDigest, Now: now, Next: next,
		})
		return kurs.User(row), resetFailed(err)
	})
}

func resetFailed(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return kurs.ErrResetFailed
	}
	return err
}

// Enqueue stores tasks.
func (s *Store) Enqueue(ctx context.Context, tasks ...outbox.Task) error {
	_, err := transact(ctx, s, "enqueue", tasks, func(context.Context, *dbsqlc.Queries) (struct{}, error) { return struct{}{}, nil })
	return err
}
