package cachetest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
	"github.com/speedlayer/speedlayer/cache/cachetest"
)

// User is what the service keeps.
type User struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// UserService is the code under test. Its table is a database in production.
type UserService struct {
	save  func(context.Context, User) error
	users *cache.Cache[int64, User]
}

// NewUserService returns a service that reads users with load, through a cache, and
// writes them with save.
func NewUserService(client rueidis.Client, load cache.Loader[int64, User], save func(context.Context, User) error, o cache.Options) *UserService {
	return &UserService{save: save, users: cache.New(client, "cache:user", load, o)}
}

// Close ends the service.
func (s *UserService) Close() { s.users.Close() }

// Name returns the name of a user.
func (s *UserService) Name(ctx context.Context, id int64) (string, error) {
	u, err := s.users.Get(ctx, id)
	return u.Name, err
}

// Rename changes the name of a user.
func (s *UserService) Rename(ctx context.Context, id int64, name string) error {
	if err := s.save(ctx, User{id, name}); err != nil {
		return err
	}
	return s.users.Invalidate(ctx, id) // the line that such tests are for
}

// testUserService is a test as it stands in a _test.go file, but for its output.
func testUserService(tb testing.TB) {
	tb.Helper()
	ctx := context.Background() // t.Context() in a test
	var (
		table    cachetest.Source[int64, User]
		recorder cachetest.Recorder
	)
	table.Set(42, User{42, "Max"})
	save := func(_ context.Context, u User) error { table.Set(u.ID, u); return nil }
	service := NewUserService(cachetest.Redis(tb), table.Load, save, cache.Options{Observer: &recorder})
	tb.Cleanup(service.Close)

	// Two reads ask the table once.
	for range 2 {
		fmt.Println(service.Name(ctx, 42))
	}
	fmt.Println("loads:", table.Loads(42))

	// A change is seen at once.
	fmt.Println("renamed:", service.Rename(ctx, 42, "Moritz"))
	fmt.Println(service.Name(ctx, 42))

	// Even if it happens while somebody loads the old value.
	_ = service.Rename(ctx, 42, "Max")
	gate := table.Hold()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = service.Name(ctx, 42)
	}()
	gate.Wait(tb, 1) // that load has read "Max"
	_ = service.Rename(ctx, 42, "Moritz")
	gate.Release() // and comes back with it now
	<-done
	fmt.Println(recorder.Wait(tb, cache.EventFillRefused, "cache:user:42").Kind)
	fmt.Println(service.Name(ctx, 42))

	// Without the table, what is cached is served.
	down := errors.New("the database is down")
	table.Fail(down)
	fmt.Println(service.Name(ctx, 42))
	_, err := service.Name(ctx, 7)
	fmt.Println(errors.Is(err, down))
}

func Example() {
	runExample(testUserService) // an example has no *testing.T of its own
	// Output:
	// Max <nil>
	// Max <nil>
	// loads: 1
	// renamed: <nil>
	// Moritz <nil>
	// fill refused
	// Moritz <nil>
	// Moritz <nil>
	// true
}

// runExample runs a test and prints why it failed, if it did.
func runExample(test func(testing.TB)) {
	f := &fakeTB{}
	defer f.end()
	f.run(func() { test(f) })
	for _, failure := range f.failures {
		fmt.Println(failure)
	}
}
