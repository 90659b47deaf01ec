package kurs

import (
	"context"
	"errors"

	"github.com/speedlayer/speedlayer/cache"
)

// errNotStored is the cause of a warming after which Redis has no entry.
var errNotStored = errors.New("what was loaded could not be stored")

// Inspect shows what lies in the cache under a user's key, and leaves no trace there.
//
// It fails with ErrUserNotFound for an id that nobody can have, and with
// CodeUnavailable where Redis cannot be asked; then the key and what this process has
// in memory are shown all the same.
func (u *Users) Inspect(ctx context.Context, id int64) (cache.Inspection, error) {
	if id <= 0 {
		return cache.Inspection{}, ErrUserNotFound
	}
	in, err := u.cache.Inspect(ctx, id)
	if err != nil {
		return in, unavailable("inspect cached user", 0, err)
	}
	return in, nil
}

// Invalidate makes the cache forget a user, as if the user had changed. Whether there
// is such a user plays no part.
//
// It fails with ErrUserNotFound for an id that nobody can have, and with
// CodeUnavailable where Redis did not confirm it; it is repeated then until it does.
func (u *Users) Invalidate(ctx context.Context, id int64) error {
	if id <= 0 {
		return ErrUserNotFound
	}
	if err := u.cache.Invalidate(ctx, id); err != nil {
		return unavailable("invalidate user", 0, err)
	}
	return nil
}

// Warm reads a user from the database and stores it in the cache, whatever lies there.
//
// It fails with ErrUserNotFound, which is stored too, and with CodeUnavailable where
// the database cannot be asked or Redis did not store what it said.
func (u *Users) Warm(ctx context.Context, id int64) error {
	const op = "warm user"
	e, err := entry(id, op, func() (cache.Entry[User], error) { return u.cache.Refresh(ctx, id) })
	switch {
	case err != nil:
		return err
	case e.TTL <= 0:
		return unavailable(op, 0, errNotStored)
	}
	return nil
}
