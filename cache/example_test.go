package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/cache"
)

// connect stands for rueidis.NewClient on a real Redis: these examples run without
// one.
func connect() (client rueidis.Client, stop func()) {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	client, err = rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{server.Addr()}, AlwaysRESP2: true, DisableCache: true, ForceSingleClient: true,
	})
	if err != nil {
		panic(err)
	}
	return client, func() { client.Close(); server.Close() }
}

func Example() {
	client, stop := connect()
	defer stop()
	ctx := context.Background()

	table := map[int64]string{42: "Max"} // stands for the database
	names := cache.New(client, "cache:name", func(_ context.Context, id int64) (string, error) {
		fmt.Println("asking the database")
		name, ok := table[id]
		if !ok {
			return "", cache.ErrNotFound
		}
		return name, nil
	}, cache.Options{TTL: time.Minute})
	defer names.Close()

	for range 2 {
		name, err := names.Get(ctx, 42)
		fmt.Println(name, err)
	}
	table[42] = "Moritz"
	fmt.Println("invalidated:", names.Invalidate(ctx, 42))
	name, err := names.Get(ctx, 42)
	fmt.Println(name, err)
	_, err = names.Get(ctx, 7)
	fmt.Println(errors.Is(err, cache.ErrNotFound))
	// Output:
	// asking the database
	// Max <nil>
	// Max <nil>
	// invalidated: <nil>
	// asking the database
	// Moritz <nil>
	// asking the database
	// true
}

func ExampleCache_Lookup() {
	client, stop := connect()
	defer stop()
	ctx := context.Background()

	type user struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	users := cache.New(client, "cache:user", func(_ context.Context, id int64) (user, error) {
		return user{id, "Max"}, nil
	}, cache.Options{})
	defer users.Close()

	for range 2 {
		e, err := users.Lookup(ctx, 1)
		fmt.Printf("%s: %s, reason %s, for %v, %v\n", e.Source, e.Raw, e.Reason, e.TTL, err)
	}
	// Output:
	// database: {"id":1,"name":"Max"}, reason miss, for 1m0s, <nil>
	// redis: {"id":1,"name":"Max"}, reason none, for 1m0s, <nil>
}

func ExampleCache_InvalidateTags() {
	client, stop := connect()
	defer stop()
	ctx := context.Background()

	// The key says the tenant: "acme/7" is page 7 of acme.
	loads := 0
	pages := cache.New(client, "cache:page", func(_ context.Context, key string) (string, error) {
		loads++
		return fmt.Sprintf("%s, load %d", key, loads), nil
	}, cache.Options{Tags: func(key any) []string {
		tenant, _, _ := strings.Cut(key.(string), "/")
		return []string{tenant}
	}})
	defer pages.Close()

	for range 2 {
		a, err := pages.Get(ctx, "acme/7")
		fmt.Println(a, err)
		b, err := pages.Get(ctx, "brand/1")
		fmt.Println(b, err)
		fmt.Println("invalidated:", pages.InvalidateTags(ctx, "acme"))
	}
	// Output:
	// acme/7, load 1 <nil>
	// brand/1, load 2 <nil>
	// invalidated: <nil>
	// acme/7, load 3 <nil>
	// brand/1, load 2 <nil>
	// invalidated: <nil>
}

func ExampleOptions_staleIfError() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{server.Addr()}, AlwaysRESP2: true, DisableCache: true, ForceSingleClient: true,
	})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	ctx := context.Background()

	var outage error
	prices := cache.New(client, "cache:price", func(context.Context, string) (int, error) {
		return 42, outage
	}, cache.Options{TTL: time.Minute, StaleIfError: time.Hour})
	defer prices.Close()

	price, err := prices.Get(ctx, "tea")
	fmt.Println(price, err)
	outage = errors.New("the database is away")
	server.FastForward(2 * time.Minute)
	e, err := prices.Lookup(ctx, "tea")
	fmt.Println(e.Value, e.Source, e.Reason, err)
	fmt.Println("invalidated:", prices.Invalidate(ctx, "tea"))
	_, err = prices.Get(ctx, "tea")
	fmt.Println(err)
	// Output:
	// 42 <nil>
	// 42 redis stale <nil>
	// invalidated: <nil>
	// cache: load cache:price:tea: the database is away
}

func ExampleCache_GetMany() {
	client, stop := connect()
	defer stop()

	squares := cache.New(client, "cache:square", func(_ context.Context, n int) (int, error) {
		if n < 0 {
			return 0, cache.ErrNotFound
		}
		return n * n, nil
	}, cache.Options{})
	defer squares.Close()

	values, err := squares.GetMany(context.Background(), []int{3, 4, -1})
	fmt.Println(values, err)
	// Output:
	// map[3:9 4:16] <nil>
}

func ExampleCache_Refresh() {
	client, stop := connect()
	defer stop()
	ctx := context.Background()

	price := 10
	prices := cache.New(client, "cache:price", func(context.Context, string) (int, error) { return price, nil }, cache.Options{})
	defer prices.Close()

	fmt.Println(prices.Get(ctx, "tea"))
	price = 12 // changed by hand, nobody called Invalidate
	fmt.Println(prices.Get(ctx, "tea"))
	e, err := prices.Refresh(ctx, "tea")
	fmt.Println(e.Value, err)
	fmt.Println(prices.Get(ctx, "tea"))
	// Output:
	// 10 <nil>
	// 10 <nil>
	// 12 <nil>
	// 12 <nil>
}

func ExampleCache_Invalidate_unconfirmed() {
	client, stop := connect()
	names := cache.New(client, "cache:name", func(context.Context, int64) (string, error) { return "Max", nil }, cache.Options{})
	defer names.Close()

	stop() // Redis is gone
	err := names.Invalidate(context.Background(), 42)
	fmt.Println(errors.Is(err, cache.ErrUnconfirmed), names.Stats().Pending)
	// Output:
	// true 1
}

func ExampleCache_Stats() {
	client, stop := connect()
	defer stop()
	names := cache.New(client, "cache:name", func(context.Context, int64) (string, error) { return "Max", nil }, cache.Options{})
	defer names.Close()
	for range 3 {
		_, _ = names.Get(context.Background(), 42)
	}
	s := names.Stats()
	fmt.Println(s.Hits, s.Misses, s.Loads)
	// Output:
	// 2 1 1
}

// logger shows an observer.
type logger struct{}

func (logger) CacheEvent(e cache.Event) {
	switch e.Kind {
	case cache.EventHit:
		fmt.Println("Cache HIT für", e.Key)
	case cache.EventMiss:
		fmt.Println("Cache MISS für", e.Key)
	case cache.EventInvalidated:
		fmt.Println("Cache invalidiert für", e.Key)
	}
}

func ExampleObserver() {
	client, stop := connect()
	defer stop()
	ctx := context.Background()
	names := cache.New(client, "cache:name", func(context.Context, int64) (string, error) { return "Max", nil },
		cache.Options{Observer: logger{}})
	defer names.Close()
	_, _ = names.Get(ctx, 1)
	_, _ = names.Get(ctx, 1)
	_ = names.Invalidate(ctx, 1)
	// Output:
	// Cache MISS für cache:name:1
	// Cache HIT für cache:name:1
	// Cache invalidiert für cache:name:1
}

// A table was loaded again: nobody can say which rows are others now.
func ExampleCache_InvalidateAll() {
	client, stop := connect()
	defer stop()
	price := 10
	prices := cache.New(client, "cache:price", func(context.Context, string) (int, error) {
		return price, nil
	}, cache.Options{})
	defer prices.Close()

	ctx := context.Background()
	before, _ := prices.Get(ctx, "apple")
	price = 12
	if err := prices.InvalidateAll(ctx); err != nil {
		fmt.Println(err)
	}
	after, _ := prices.Get(ctx, "apple")
	fmt.Println(before, after)
	// Output: 10 12
}

func ExampleCache_Inspect() {
	client, stop := connect()
	defer stop()
	ctx := context.Background()
	names := cache.New(client, "cache:name", func(context.Context, int64) (string, error) { return "Max", nil }, cache.Options{})
	defer names.Close()

	in, err := names.Inspect(ctx, 42)
	fmt.Println(in.Redis.Present, in.Redis.Reason, err)
	_, _ = names.Get(ctx, 42)
	in, err = names.Inspect(ctx, 42)
	fmt.Printf("%s: %s, for %v, %v\n", in.Key, in.Redis.Raw, in.Redis.TTL, err)
	fmt.Println(names.Stats().Hits) // it was looked at, not read
	// Output:
	// false miss <nil>
	// cache:name:42: "Max", for 1m0s, <nil>
	// 0
}
