package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/sqlite/dbsqlc"
	"github.com/speedlayer/speedlayer/outbox"
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
func (s *Store) ConfirmEmailChange(ctx context.Context, tokenDigest []byte, now time.Time, notices ...kurs.EmailNotice) (kurs.User, error) {
	return changeEmail(ctx, s, "confirm email change", notices, func(ctx context.Context, q *dbsqlc.Queries) (before, after kurs.User, err error) {
		change, err := q.TakeEmailChange(ctx, dbsqlc.TakeEmailChangeParams{TokenDigest: tokenDigest, Now: now.UnixMicro()})
		if errors.Is(err, sql.ErrNoRows) {
			err = kurs.ErrConfirmationFailed
		}
		if err != nil {
			return before, after, err
		}
		old, err := q.User(ctx, change.UserID)
		if err != nil {
			return before, after, err
		}
		row, err := q.SetEmail(ctx, dbsqlc.SetEmailParams{ID: change.UserID, Email: change.NewEmail})
		return kurs.User(old), kurs.User(row), err
	})
}

// changeEmail does in one transaction, which nobody else writes beside, what f does, and
// stores the tasks of notices.
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

// Ping reports whether the file can be read.
func (s *Store) Ping(ctx context.Context) error {
	_, err := read(ctx, s, "ping", func(ctx context.Context, q *dbsqlc.Queries) (bool, error) {
		return q.AnyUser(ctx)
	})
	return err
}
