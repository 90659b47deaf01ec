package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/postgres/dbsqlc"
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
func (s *Store) ConfirmEmailChange(ctx context.Context, tokenDigest []byte, now time.Time) (kurs.User, error) {
	return write(ctx, s, "confirm email change", func(ctx context.Context, q *dbsqlc.Queries) (kurs.User, error) {
		row, err := q.ConfirmEmailChange(ctx, dbsqlc.ConfirmEmailChangeParams{Origin: origin(ctx), TokenDigest: tokenDigest, Now: now})
		if errors.Is(err, pgx.ErrNoRows) {
			err = kurs.ErrConfirmationFailed
		}
		return kurs.User(row), err
	})
}
