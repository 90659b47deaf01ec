package kurs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/outbox"
)

// Forget makes the caches forget what rows of the outbox ask for: one exchange for all
// users, one for the tags. It returns an error for each row, nil where Redis confirmed
// it, and outbox.ErrRefused for a row that it does not understand.
func (u *Users) Forget(ctx context.Context, rows []outbox.Row) []error {
	errs := make([]error, len(rows))
	users, pages := wanted{}, wanted{}
	var ids []int64
	var allUsers, allPages []int
	for i, row := range rows {
		switch {
		case row.Target == OutboxUsers && row.Kind == outbox.KindInvalidate:
			if id, err := strconv.ParseInt(row.Key, 10, 64); err != nil || strconv.FormatInt(id, 10) != row.Key {
				errs[i] = fmt.Errorf("kurs: %q is no user's id: %w", row.Key, outbox.ErrRefused)
			} else {
				if users.add(u.cache.Key(id), i) {
					ids = append(ids, id)
				}
			}
		case row.Target == OutboxPages && row.Kind == outbox.KindInvalidateTag:
			pages.add(row.Key, i)
		case row.Target == OutboxUsers && row.Kind == outbox.KindInvalidateAll:
			allUsers = append(allUsers, i)
		case row.Target == OutboxPages && row.Kind == outbox.KindInvalidateAll:
			allPages = append(allPages, i)
		default:
			errs[i] = fmt.Errorf("kurs: no cache does %s for %q: %w", row.Kind, row.Target, outbox.ErrRefused)
		}
	}
	// Rows belong to one part each, so all may write their errors.
	var wg sync.WaitGroup
	wg.Go(func() { users.settle(errs, u.cache.Invalidate(ctx, ids...)) })
	wg.Go(func() {
		if err := u.pages.InvalidateTags(ctx, slices.Collect(maps.Keys(pages))...); err != nil {
			pages.all(errs, err)
		}
	})
	wg.Go(func() { u.allUsers.settle(ctx, rows, allUsers, errs) })
	wg.Go(func() { u.allPages.settle(ctx, rows, allPages, errs) })
	wg.Wait()
	return errs
}

// wanted is what rows ask for, each thing once: the indices of the rows, by key in
// Redis or tag.
type wanted map[string][]int

// add reports whether this row is the first that asks for name.
func (w wanted) add(name string, row int) bool {
	w[name] = append(w[name], row)
	return len(w[name]) == 1
}

// settle gives the error of an invalidation to the rows that it is about.
func (w wanted) settle(errs []error, err error) {
	if e, ok := errors.AsType[*cache.UnconfirmedError](err); ok {
		for _, name := range e.Keys {
			for _, row := range w[name] {
				errs[row] = err
			}
		}
	} else if err != nil {
		w.all(errs, err)
	}
}

func (w wanted) all(errs []error, err error) {
	for _, rows := range w {
		for _, row := range rows {
			errs[row] = err
		}
	}
}
