package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/ratelimit"
)

// newExampleRedis starts a Redis inside the process. A service connects to a real
// one with rueidis.NewClient.
func newExampleRedis() (rueidis.Client, *miniredis.Miniredis) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		panic(err)
	}
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{server.Addr()}, AlwaysRESP2: true, DisableCache: true, ForceSingleClient: true,
	})
	if err != nil {
		panic(err)
	}
	return client, server
}

func Example() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	limiter := ratelimit.New(client, ratelimit.Options{})
	defer limiter.Close()
	ctx := context.Background()

	data := ratelimit.Rule{Name: "data", Limit: 10, Window: time.Minute}
	client127, _ := ratelimit.ClientPrefix("127.0.0.1:40123")
	for range 10 {
		_, _ = limiter.Take(ctx, client127, data)
	}
	res, _ := limiter.Take(ctx, client127, data)
	fmt.Println("request 11:", res.Allowed, "- retry in", res.RetrySeconds(), "s")

	server.FastForward(time.Minute)
	res, _ = limiter.Take(ctx, client127, data)
	fmt.Println("a minute later:", res.Allowed, "-", res.Remaining, "remain")
	// Output:
	// request 11: false - retry in 60 s
	// a minute later: true - 9 remain
}

func ExampleLimiter_Take_severalRules() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	limiter := ratelimit.New(client, ratelimit.Options{})
	defer limiter.Close()
	ctx := context.Background()

	burst := ratelimit.Rule{Name: "burst", Limit: 2, Window: time.Second}
	hourly := ratelimit.Rule{Name: "hourly", Limit: 100, Window: time.Hour}
	for range 3 {
		res, _ := limiter.Take(ctx, "user:42", burst, hourly)
		fmt.Println(res.Allowed, res.Rule)
	}
	res, _ := limiter.Peek(ctx, "user:42", hourly)
	fmt.Println("hourly has", res.Remaining, "left: the denial cost nothing")
	// Output:
	// true burst
	// true burst
	// false burst
	// hourly has 98 left: the denial cost nothing
}

func ExampleLimiter_TakeEach() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	limiter := ratelimit.New(client, ratelimit.Options{})
	defer limiter.Close()
	ctx := context.Background()

	byAddress := ratelimit.Rule{Name: "login-address", Limit: 20, Window: time.Minute}
	byAccount := ratelimit.Rule{Name: "login-account", Limit: 5, Window: time.Minute}
	address, _ := ratelimit.ClientPrefix("[2001:db8:1:2:3:4:5:6]:443")
	res, err := limiter.TakeEach(ctx,
		ratelimit.Charge{Subject: address, Rules: []ratelimit.Rule{byAddress}},
		ratelimit.Charge{Subject: ratelimit.HashSubject("max@example.com"), Rules: []ratelimit.Rule{byAccount}},
	)
	switch {
	case errors.Is(err, ratelimit.ErrUnavailable):
		fmt.Println("503")
	case !res.Allowed:
		fmt.Println("429")
	default:
		fmt.Println("check the password;", res.Remaining, "tries remain by", res.Rule)
	}

	// The password was right: the try was none.
	_ = limiter.Refund(ctx, res)
	res, _ = limiter.Peek(ctx, address, byAddress)
	fmt.Println(res.Remaining)
	// Output:
	// check the password; 4 tries remain by login-account
	// 20
}

func ExampleClientPrefix() {
	for _, addr := range []string{"192.0.2.1:1234", "[::ffff:192.0.2.1]:1234", "[2001:db8:1:2:3:4:5:6]:443", "[::1]:80"} {
		prefix, _ := ratelimit.ClientPrefix(addr)
		fmt.Println(prefix)
	}
	// Output:
	// 192.0.2.1
	// 192.0.2.1
	// 2001:db8:1:2::/64
	// ::1
}
