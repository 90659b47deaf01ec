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

// SetEmailChange remembers an address that waits for confirmation.
func (s *Store) SetEmailChange(ctx context.Context, c kurs.EmailChange, tokenDigest []byte) error {
	if err := checkText(kurs.FieldEmail, c.NewEmail); err != nil {
		return err
	}
	return oneUser(write(ctx, s, "set email change", func(ctx context.Context, q *dbsqlc.Queries) (int64, error) {
		return q.SetEmailChange(ctx, dbsqlc.SetEmailChangeParams{
			TokenDigest: tokenDigest, UserID: c.UserID, NewEmail: c.NewEmail, ExpiresAt: c.ExpiresAt,
		})
	}))
}

// ConfirmEmailChange puts the address of an unexpired change into force. Where
// the address was taken meanwhile, the change stays until it expires.
func (s *Store) ConfirmEmailChange(ctx context.Context, tokenDigest []byte, now time.Time, notices ...kurs.EmailNotice) (kurs.User, error) {
	return changeEmail(ctx, s, "confirm email change", notices, func(ctx context.Context, q *dbsqlc.Queries) (before, after kurs.User, err error) {
		row, err := q.ConfirmEmailChange(ctx, dbsqlc.ConfirmEmailChangeParams{Origin: origin(ctx), TokenDigest: tokenDigest, Now: now})
		if errors.Is(err, pgx.ErrNoRows) {
			err = kurs.ErrConfirmationFailed
		}
		return kurs.User{ID: row.ID, Name: row.OldName, Email: row.OldEmail}, kurs.User{ID: row.ID, Name: row.Name, Email: row.Email}, err
	})
}

// changeEmail does in one transaction what f does, and stores the tasks of notices.
func changeEmail(
	ctx context.Context, s *Store, op string, notices []kurs.EmailNotice,
	f func(context.Context, *dbsqlc.Queries) (before, after kurs.User, err error),
) (kurs.User, error) {
	type change struct{ before, after kurs.User }
	changed, err := transactThen(ctx, s, op, func(ctx context.Context, q *dbsqlc.Queries) (c change, err error) {
		c.before, c.after, err = f(ctx, q)
		return c, err
	}, func(c change) []outbox.Task { return kurs.EmailNotices(c.before, c.after, notices) })
	return changed.after, err
}
