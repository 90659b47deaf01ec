package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite/dbsqlc"
)

// SetEmailChange remembers an address that waits for confirmation.
func (s *Store) SetEmailChange(ctx context.Context, c kurs.EmailChange, tokenDigest []byte) error {
	if err := checkText(kurs.FieldEmail, c.NewEmail); err != nil {
		return err
	}
	_, err := write(ctx, s, "set email change", func(ctx context.Context, q *dbsqlc.Queries) (struct{}, error) {
		return struct{}{}, q.SetEmailChange(ctx, dbsqlc.SetEmailChangeParams{
			TokenDigest: tokenDigest, UserID: c.UserID, NewEmail: c.NewEmail, ExpiresAt: c.ExpiresAt.UnixMicro(),
		})
	})
	return err
}

// ConfirmEmailChange puts the address of an unexpired change into force. Where
// the address was taken meanwhile, the change stays until it expires.
func (s *Store) ConfirmEmailChange(ctx context.Context, tokenDigest []byte, now time.Time) (kurs.User, error) {
	return write(ctx, s, "confirm email change", func(ctx context.Context, q *dbsqlc.Queries) (kurs.User, error) {
		change, err := q.TakeEmailChange(ctx, dbsqlc.TakeEmailChangeParams{TokenDigest: tokenDigest, Now: now.UnixMicro()})
		if errors.Is(err, sql.ErrNoRows) {
			return kurs.User{}, kurs.ErrConfirmationFailed
		}
		if err != nil {
			return kurs.User{}, err
		}
		row, err := q.SetEmail(ctx, dbsqlc.SetEmailParams{ID: change.UserID, Email: change.NewEmail})
		return kurs.User(row), err
	})
}

// Ping reports whether the file can be read.
func (s *Store) Ping(ctx context.Context) error {
	_, err := read(ctx, s, "ping", func(ctx context.Context, q *dbsqlc.Queries) (bool, error) {
		return q.AnyUser(ctx)
	})
	return err
}
