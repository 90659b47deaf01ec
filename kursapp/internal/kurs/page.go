package kurs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/speedlayer/speedlayer/cache"
)

// PagesPrefix is the first part of the keys of cached pages: the first page of 20
// users lies under cache:users:20.
const PagesPrefix = "cache:users"

// pagesTag is what all cached pages have: any change of any user may change any of
// them.
const pagesTag = "all"

// UserPage is a part of the list of users, by id. Its JSON form is the contract of
// GET /users.
type UserPage struct {
	Users      []User `json:"users"`
	NextCursor string `json:"next_cursor,omitempty"` // empty on the last page
}

// Page returns the users with an id greater than after, limit at most. limit is
// DefaultListLimit when not positive, and at most MaxListLimit. The first page
// (after is 0) comes through the cache. Whether the actor may list is for the caller
// to ask (Actor.MayList).
//
// It fails with CodeUnavailable when the database cannot be asked or has too much to
// do.
func (u *Users) Page(ctx context.Context, after int64, limit int) (cache.Entry[UserPage], error) {
	if limit = pageLimit(limit); after <= 0 {
		e, err := u.pages.Lookup(ctx, limit)
		return pageEntry("list users", e, err)
	}
	return u.laterPage(ctx, after, limit)
}

// PageFresh is Page as the database has it now; the cache is refreshed.
func (u *Users) PageFresh(ctx context.Context, after int64, limit int) (cache.Entry[UserPage], error) {
	if limit = pageLimit(limit); after <= 0 {
		e, err := u.pages.Refresh(ctx, limit)
		return pageEntry("list users afresh", e, err)
	}
	return u.laterPage(ctx, after, limit)
}

func pageLimit(limit int) int {
	if limit <= 0 {
		return DefaultListLimit
	}
	return min(limit, MaxListLimit)
}

func pageEntry(op string, e cache.Entry[UserPage], err error) (cache.Entry[UserPage], error) {
	if err != nil {
		return cache.Entry[UserPage]{}, wrap(op, err)
	}
	return e, nil
}

// laterPage asks the database: few read on, and each from somewhere else.
func (u *Users) laterPage(ctx context.Context, after int64, limit int) (cache.Entry[UserPage], error) {
	const op = "list users"
	began := time.Now()
	page, err := loadPage(ctx, u.store, after, limit)
	if err != nil {
		return cache.Entry[UserPage]{}, wrap(op, err)
	}
	raw, err := json.Marshal(page)
	if err != nil {
		return cache.Entry[UserPage]{}, fmt.Errorf("%s: %w", op, err)
	}
	return cache.Entry[UserPage]{
		Value: page, Raw: raw, Source: cache.SourceLoader, Reason: cache.ReasonBypass, LoadTime: time.Since(began),
	}, nil
}

// pagesOptions makes the options of the cache of pages from those of the users'.
func pagesOptions(o cache.Options) cache.Options {
	o.NegativeTTL = 0
	o.LocalBytes = min(o.LocalBytes, 1<<20)
	o.Tags = func(any) []string { return []string{pagesTag} }
	return o
}

func loadPage(ctx context.Context, store Store, after int64, limit int) (UserPage, error) {
	return pageOf(limit, func(limit int) ([]User, error) { return store.Users(ctx, after, limit) })
}

// pageOf makes a page of what find returns, by id.
func pageOf(limit int, find func(limit int) ([]User, error)) (UserPage, error) {
	// One more than asked for tells whether there is a next page.
	users, err := find(limit + 1)
	if err != nil {
		return UserPage{}, err
	}
	if users == nil {
		users = []User{}
	}
	page := UserPage{Users: users}
	if len(users) > limit {
		page.Users = users[:limit]
		page.NextCursor = encodeCursor(page.Users[limit-1].ID)
	}
	return page, nil
}

// encodeCursor makes the cursor of the page after a user. It is encoded so that
// nobody calculates with it.
func encodeCursor(last int64) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, last, 10))
}

// ParseCursor returns the id behind which the page of a cursor begins. No cursor is
// the first page. Anything that no UserPage carried is refused.
func ParseCursor(cursor string) (after int64, ok bool) {
	if cursor == "" {
		return 0, true
	}
	if len(cursor) > base64.RawURLEncoding.EncodedLen(len(strconv.Itoa(math.MaxInt64))) {
		return 0, false
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	after, err = strconv.ParseInt(string(text), 10, 64)
	return after, err == nil && after > 0 && encodeCursor(after) == cursor
}
