package kurs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/outbox"
	"github.com/speedlayer/speedlayer/ratelimit"
)

// CachePrefix is the first part of the keys of cached users: user 42 lies
// under cache:user:42 as {"id":42,"name":"Max","email":"max@example.com"}.
const CachePrefix = "cache:user"

// The bounds of a page.
const (
	DefaultListLimit = 50
	MaxListLimit     = 200
)

// Users is the users of the course, read through the cache. Safe for
// concurrent use.
type Users struct {
	store    Store
	cache    *cache.Cache[int64, User]
	pages    *cache.Cache[int, UserPage] // first pages, by how many users they show
	sessions *Sessions
	confirm  EmailConfirmer
	limiter  *ratelimit.Limiter
	policies *Policies
	log      *slog.Logger

	emailChanged func(name, email string) outbox.Task

	allUsers, allPages sweep // for TRUNCATE
}

// UsersDeps is what Users stands on.
type UsersDeps struct {
	Store  Store
	Client rueidis.Client
	// Sessions ends the sessions of a deleted user.
	Sessions *Sessions
	// CacheOptions configures the cache; the zero value keeps a user for
	// 60 s. With NegativeTTL, that a user does not exist is remembered too; one
	// who registers is visible at once all the same. Pages take over what is
	// not particular to a single user.
	CacheOptions cache.Options
	// ConfirmEmail asks for the confirmation of new addresses. Without it
	// (in the demo, where every address counts at once) such a change is
	// CodeUnavailable.
	ConfirmEmail EmailConfirmer
	// Limiter bounds the confirmation mails that one user can cause. Needed
	// where ConfirmEmail is set.
	Limiter *ratelimit.Limiter
	// EmailChanged returns the task that tells a user's old address that another one
	// counts; default none does.
	EmailChanged func(name, email string) outbox.Task
	// Policies says what the limits are; default DefaultPolicy.
	Policies *Policies
	// Logger gets what a person should look at; default none.
	Logger *slog.Logger
}

// EmailConfirmer has a mail sent to a new address that asks its owner to
// confirm it.
type EmailConfirmer interface {
	// RequestConfirmation returns nil when the mail will be sent for certain
	// (the task is stored). After an error nothing was stored, or it is not
	// known: then the mail may be sent all the same. version goes to
	// Accounts.BeginEmailChange, with the rest.
	RequestConfirmation(ctx context.Context, userID int64, newEmail string, version int64) error
}

// NewUsers returns Users. Close releases its cache.
func NewUsers(d UsersDeps) *Users {
	u := &Users{
		store: d.Store,
		cache: cache.New(d.Client, CachePrefix, loadUser(d.Store), d.CacheOptions),
		pages: cache.New(d.Client, PagesPrefix, func(ctx context.Context, limit int) (UserPage, error) {
			return loadPage(ctx, d.Store, 0, limit)
		}, pagesOptions(d.CacheOptions)),
		sessions: d.Sessions,
		confirm:  d.ConfirmEmail,
		limiter:  d.Limiter,
		policies: policiesOrDefault(d.Policies),
		log:      loggerOrNone(d.Logger),

		emailChanged: d.EmailChanged,
	}
	u.allUsers.run, u.allPages.run = u.cache.InvalidateAll, u.pages.InvalidateAll
	return u
}

func loadUser(store Store) cache.Loader[int64, User] {
	return func(ctx context.Context, id int64) (User, error) {
		u, err := store.User(ctx, id)
		if errors.Is(err, ErrUserNotFound) {
			return User{}, fmt.Errorf("%w: %w", cache.ErrNotFound, err)
		}
		return u, err
	}
}

func loggerOrNone(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

// Close ends what the cache does in the background.
func (u *Users) Close() {
	u.allUsers.wg.Wait()
	u.allPages.wg.Wait()
	u.cache.Close()
	u.pages.Close()
}

// Get returns a user, from the cache if it is there. The entry says where the
// user came from and carries the JSON as it lies in the cache.
//
// It fails with ErrUserNotFound, beside which the entry says who said so, and with
// CodeUnavailable when the database
// cannot be asked or has too much to do; never because Redis is gone.
func (u *Users) Get(ctx context.Context, id int64) (cache.Entry[User], error) {
	return entry(id, "get user", func() (cache.Entry[User], error) { return u.cache.Lookup(ctx, id) })
}

// GetFresh returns a user as the database has it now, and refreshes the
// cache. It fails as Get does.
func (u *Users) GetFresh(ctx context.Context, id int64) (cache.Entry[User], error) {
	return entry(id, "get fresh user", func() (cache.Entry[User], error) { return u.cache.Refresh(ctx, id) })
}

// entry answers for ids that cannot exist itself: they would only cost loads.
func entry(id int64, op string, read func() (cache.Entry[User], error)) (cache.Entry[User], error) {
	if id <= 0 {
		return cache.Entry[User]{}, ErrUserNotFound
	}
	e, err := read()
	switch {
	case errors.Is(err, cache.ErrNotFound):
		return e, ErrUserNotFound
	case err != nil:
		return cache.Entry[User]{}, wrap(op, err)
	default:
		return e, nil
	}
}

// invalidate makes the cache forget a user whose row has changed, has come or is
// gone, and the pages that may show it. The write is
// committed by then: where Redis cannot confirm, the cache bypasses the key and
// repeats until it can, and the caller answers that the write succeeded. The
// cache sees to it that this does not end with ctx.
func (u *Users) invalidate(ctx context.Context, id int64) {
	var wg sync.WaitGroup
	wg.Go(func() { u.report(ctx, id, u.pages.InvalidateTags(ctx, pagesTag)) })
	u.report(ctx, id, u.cache.Invalidate(ctx, id))
	wg.Wait()
}

func (u *Users) report(ctx context.Context, id int64, err error) {
	if err != nil && !errors.Is(err, cache.ErrUnconfirmed) {
		u.log.ErrorContext(ctx, "cache invalidation failed", "user", id, "error", err)
	}
}
