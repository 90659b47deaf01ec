package app

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/outbox"
)

// errNotReady is the cause of every refusal of a closed gate.
var errNotReady = errors.New("the database was not reached yet, or is not migrated")

// gate is a kurs.Store that refuses everything until it is opened. A server
// may listen before PostgreSQL answers, but must not touch a database before
// it knows that no demo owns it and that its tables are there.
type gate struct {
	store kurs.Store
	open  atomic.Bool
}

var _ kurs.Store = (*gate)(nil)

func (g *gate) check() error {
	if g.open.Load() {
		return nil
	}
	return &kurs.Error{Code: kurs.CodeUnavailable, RetryAfter: time.Second, Err: errNotReady}
}

func (g *gate) User(ctx context.Context, id int64) (kurs.User, error) {
	if err := g.check(); err != nil {
		return kurs.User{}, err
	}
	return g.store.User(ctx, id)
}

func (g *gate) Users(ctx context.Context, after int64, limit int) ([]kurs.User, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	return g.store.Users(ctx, after, limit)
}

func (g *gate) SearchUsers(ctx context.Context, query string, after int64, limit int) ([]kurs.User, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	return g.store.SearchUsers(ctx, query, after, limit)
}

func (g *gate) Account(ctx context.Context, id int64) (kurs.Account, error) {
	if err := g.check(); err != nil {
		return kurs.Account{}, err
	}
	return g.store.Account(ctx, id)
}

func (g *gate) AccountByEmail(ctx context.Context, email string) (kurs.Account, error) {
	if err := g.check(); err != nil {
		return kurs.Account{}, err
	}
	return g.store.AccountByEmail(ctx, email)
}

func (g *gate) CreateUser(ctx context.Context, u kurs.NewAccount, tasks ...outbox.Task) (kurs.User, error) {
	if err := g.check(); err != nil {
		return kurs.User{}, err
	}
	return g.store.CreateUser(ctx, u, tasks...)
}

func (g *gate) UpdateUser(ctx context.Context, id int64, name, email string, notices ...kurs.EmailNotice) (kurs.User, error) {
	if err := g.check(); err != nil {
		return kurs.User{}, err
	}
	return g.store.UpdateUser(ctx, id, name, email, notices...)
}

func (g *gate) RenameUser(ctx context.Context, id int64, name string) (kurs.User, error) {
	if err := g.check(); err != nil {
		return kurs.User{}, err
	}
	return g.store.RenameUser(ctx, id, name)
}

func (g *gate) DeleteUser(ctx context.Context, id int64) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.store.DeleteUser(ctx, id)
}

func (g *gate) RemoveUser(ctx context.Context, id int64) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.store.RemoveUser(ctx, id)
}

func (g *gate) SetRole(ctx context.Context, id int64, role kurs.Role) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.store.SetRole(ctx, id, role)
}

func (g *gate) ChangeRole(ctx context.Context, id int64, role kurs.Role) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.store.ChangeRole(ctx, id, role)
}

func (g *gate) CredentialsVersions(ctx context.Context, ids []int64) (map[int64]int64, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	return g.store.CredentialsVersions(ctx, ids)
}

func (g *gate) ReplacePasswordHash(ctx context.Context, id int64, old, next string) (bool, error) {
	if err := g.check(); err != nil {
		return false, err
	}
	return g.store.ReplacePasswordHash(ctx, id, old, next)
}

func (g *gate) ChangePassword(ctx context.Context, id int64, old, next string, tasks ...outbox.Task) (bool, error) {
	if err := g.check(); err != nil {
		return false, err
	}
	return g.store.ChangePassword(ctx, id, old, next, tasks...)
}

func (g *gate) SetPasswordReset(ctx context.Context, r kurs.PasswordReset, tokenDigest []byte) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.store.SetPasswordReset(ctx, r, tokenDigest)
}

func (g *gate) PasswordReset(ctx context.Context, tokenDigest []byte, now time.Time) (kurs.User, error) {
	if err := g.check(); err != nil {
		return kurs.User{}, err
	}
	return g.store.PasswordReset(ctx, tokenDigest, now)
}

func (g *gate) ResetPassword(ctx context.Context, tokenDigest []byte, now time.Time, next string, tasks ...outbox.Task) (kurs.User, error) {
	if err := g.check(); err != nil {
		return kurs.User{}, err
	}
	return g.store.ResetPassword(ctx, tokenDigest, now, next, tasks...)
}

func (g *gate) Enqueue(ctx context.Context, tasks ...outbox.Task) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.store.Enqueue(ctx, tasks...)
}

func (g *gate) SetEmailChange(ctx context.Context, c kurs.EmailChange, tokenDigest []byte) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.store.SetEmailChange(ctx, c, tokenDigest)
}

func (g *gate) ConfirmEmailChange(ctx context.Context, tokenDigest []byte, now time.Time, notices ...kurs.EmailNotice) (kurs.User, error) {
	if err := g.check(); err != nil {
		return kurs.User{}, err
	}
	return g.store.ConfirmEmailChange(ctx, tokenDigest, now, notices...)
}

func (g *gate) AddAudit(ctx context.Context, entries ...kurs.AuditEntry) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.store.AddAudit(ctx, entries...)
}

func (g *gate) Audit(ctx context.Context, q kurs.AuditQuery) ([]kurs.AuditEntry, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	return g.store.Audit(ctx, q)
}

func (g *gate) SweepAudit(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := g.check(); err != nil {
		return 0, err
	}
	return g.store.SweepAudit(ctx, before, limit)
}

func (g *gate) Ping(ctx context.Context) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.store.Ping(ctx)
}
