package session_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/session"
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
	ctx := context.Background()

	sessions := session.New[string, map[string]string](client, session.Options{IdleTimeout: 30 * time.Minute})
	defer sessions.Close()

	// Login: the epoch comes first, then the password is checked, then the session.
	epoch, _ := sessions.Epoch(ctx, "42")
	token, _, _ := sessions.Create(ctx, "42", epoch, map[string]string{"name": "Max"})
	fmt.Println(len(token), "characters for the client")

	// Each request.
	s, _ := sessions.Lookup(ctx, token)
	_ = sessions.Touch(ctx, s) // writes once a minute at most
	fmt.Println("user", s.UserID, s.Data["name"])

	// Logout.
	_ = sessions.Revoke(ctx, token)
	_, err := sessions.Lookup(ctx, token)
	fmt.Println(errors.Is(err, session.ErrNotFound))
	// Output:
	// 43 characters for the client
	// user 42 Max
	// true
}

func ExampleManager_Lookup_expired() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	ctx := context.Background()

	sessions := session.New[string, map[string]string](client, session.Options{IdleTimeout: 30 * time.Minute})
	defer sessions.Close()
	epoch, _ := sessions.Epoch(ctx, "42")
	token, _, _ := sessions.Create(ctx, "42", epoch, nil)

	server.FastForward(29 * time.Minute)
	_, err := sessions.Lookup(ctx, token)
	fmt.Println("after 29 minutes:", err)

	server.FastForward(2 * time.Minute)
	_, err = sessions.Lookup(ctx, token)
	fmt.Println("after 31 minutes:", err)
	// Output:
	// after 29 minutes: <nil>
	// after 31 minutes: session not found
}

func ExampleManager_RevokeAll() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	ctx := context.Background()

	sessions := session.New[string, map[string]string](client, session.Options{})
	defer sessions.Close()
	epoch, _ := sessions.Epoch(ctx, "42")
	laptop, _, _ := sessions.Create(ctx, "42", epoch, nil)

	// A second login takes its epoch; while it checks the password, the password
	// is changed and all sessions end. That login comes too late.
	_ = sessions.RevokeAll(ctx, "42")
	phone, _, _ := sessions.Create(ctx, "42", epoch, nil)

	for _, token := range []string{laptop, phone} {
		_, err := sessions.Lookup(ctx, token)
		fmt.Println(err)
	}
	// Output:
	// session not found
	// session not found
}

func ExampleManager_Rotate() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	ctx := context.Background()

	sessions := session.New[string, map[string]string](client, session.Options{})
	defer sessions.Close()
	epoch, _ := sessions.Epoch(ctx, "42")
	old, _, _ := sessions.Create(ctx, "42", epoch, nil)

	token, s, _ := sessions.Rotate(ctx, old)
	_, err := sessions.Lookup(ctx, old)
	fmt.Println("old token:", err)
	_ = sessions.Update(ctx, s.ID, map[string]string{"role": "admin"})
	s, _ = sessions.Lookup(ctx, token)
	fmt.Println("new token:", s.UserID, s.Data["role"])
	// Output:
	// old token: session not found
	// new token: 42 admin
}

// A session's data has a type of the application's own.
func ExampleNew() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	ctx := context.Background()

	type Device struct {
		Name   string `json:"name"`
		Mobile bool   `json:"mobile"`
	}
	sessions := session.New[int64, Device](client, session.Options{})
	defer sessions.Close()
	epoch, _ := sessions.Epoch(ctx, 42)
	token, _, _ := sessions.Create(ctx, 42, epoch, Device{Name: "Phone", Mobile: true})

	s, _ := sessions.Lookup(ctx, token)
	fmt.Println(s.UserID, s.Data.Name, s.Data.Mobile)
	fmt.Println(server.HGet("session:"+s.ID, "name"), server.HGet("session:"+s.ID, "mobile"))
	// Output:
	// 42 Phone true
	// Phone true
}

func ExampleManager_Create_remember() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	ctx := context.Background()

	const day = 24 * time.Hour
	sessions := session.New[string, struct{}](client, session.Options{LongestTimeout: 30 * day})
	defer sessions.Close()
	epoch, _ := sessions.Epoch(ctx, "42")
	_, s, _ := sessions.Create(ctx, "42", epoch, struct{}{}, session.Lifetime{Idle: 14 * day, Absolute: 30 * day})

	fmt.Println(s.Remembered, s.ExpiresAt.Sub(s.CreatedAt))
	// Output: true 720h0m0s
}

func ExampleManager_Advance() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	ctx := context.Background()

	sessions := session.New[string, struct{}](client, session.Options{})
	defer sessions.Close()
	row := int64(1) // the version in the database
	login := func() string {
		for {
			epoch, _ := sessions.Epoch(ctx, "42")
			if row <= epoch.Version() {
				token, _, _ := sessions.Create(ctx, "42", epoch, struct{}{})
				return token
			}
			_ = sessions.Advance(ctx, "42", row) // nobody has told Redis yet
		}
	}
	before := login()
	row = 2 // the password changes, and the outbox has not run yet
	after := login()
	_ = sessions.Advance(ctx, "42", 2) // now it has

	_, err := sessions.Lookup(ctx, before)
	fmt.Println("before the change:", err)
	_, err = sessions.Lookup(ctx, after)
	fmt.Println("after the change:", err)
	// Output:
	// before the change: session not found
	// after the change: <nil>
}

func ExampleManager_RevokeOthers() {
	client, server := newExampleRedis()
	defer server.Close()
	defer client.Close()
	ctx := context.Background()

	sessions := session.New[string, map[string]string](client, session.Options{})
	defer sessions.Close()
	for _, device := range []string{"laptop", "tablet"} {
		epoch, _ := sessions.Epoch(ctx, "42")
		_, _, _ = sessions.Create(ctx, "42", epoch, map[string]string{"device": device})
	}
	epoch, _ := sessions.Epoch(ctx, "42")
	_, phone, _ := sessions.Create(ctx, "42", epoch, map[string]string{"device": "phone"})

	list, _ := sessions.List(ctx, "42")
	fmt.Println(len(list), "sessions")
	_ = sessions.RevokeOthers(ctx, phone)
	list, _ = sessions.List(ctx, "42")
	fmt.Println(len(list), "session:", list[0].Data["device"])
	_ = sessions.RevokeID(ctx, "42", list[0].ID)
	list, _ = sessions.List(ctx, "42")
	fmt.Println(len(list), "sessions")
	// Output:
	// 3 sessions
	// 1 session: phone
	// 0 sessions
}
