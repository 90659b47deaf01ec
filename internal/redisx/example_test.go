package redisx_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/speedlayer/speedlayer/internal/redisx"
)

func ExampleOpen() {
	opt, err := redisx.ParseURL("redis://127.0.0.1:1") // nobody listens there
	if err != nil {
		fmt.Println(err)
		return
	}
	client := redisx.Open(opt, redisx.LazyOptions{
		OnDown: func(error) { fmt.Println("Redis is down, going on without") },
	})
	defer client.Close()
	ctx := context.Background()
	_ = client.TryConnect(ctx) // and `go client.Run(ctx)` keeps trying
	err = client.Do(ctx, client.B().Get().Key("k").Build()).Error()
	fmt.Println(errors.Is(err, redisx.ErrNotConnected))
	// Output:
	// Redis is down, going on without
	// true
}

func ExampleParseURL() {
	opt, err := redisx.ParseURL("redis://:secret@a:7000,b/0")
	fmt.Println(opt.InitAddress, opt.Dialer.Timeout, err)
	// Output: [a:7000 b:6379] 1s <nil>
}

func ExampleEscape() {
	fmt.Println("session:" + redisx.Escape("Zoë {admin}"))
	// Output: session:Zoë%20%7Badmin%7D
}

func ExampleCompanion() {
	fmt.Println(redisx.Companion("cache:user:42", "lease"))
	// Output: {cache:user:42}:lease
}

func ExampleBreaker() {
	ping := func(context.Context) error { return nil }
	b := redisx.NewBreaker(ping, redisx.BreakerOptions{
		OnChange: func(open bool, err error) { fmt.Println("open:", open, err) },
	})
	defer b.Close()
	fmt.Println(b.Allow())
	b.Failure(io.EOF) // the connection broke
	fmt.Println(b.Allow())
	b.Success()
	fmt.Println(b.Allow())
	// Output:
	// true
	// open: true EOF
	// false
	// open: false <nil>
	// true
}
