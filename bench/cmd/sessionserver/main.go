// Command sessionserver is net/http with GET /profile behind one of the contestants of
// package sessions, or behind none.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/speedlayer/speedlayer/bench/sessions"
	"github.com/speedlayer/speedlayer/bench/web"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8003", "address to listen on")
	redis := flag.String("redis", "127.0.0.1:6379", "address of Redis")
	store := flag.String("store", web.NetHTTP, "who keeps the sessions; "+web.NetHTTP+" keeps none")
	answer := flag.String("answer", "", "file with the answer, as JSON")
	flag.Parse()
	if err := run(*addr, *redis, *store, *answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(addr, redis, id, file string) error {
	raw, err := os.ReadFile(file) //nolint:gosec // G304: the user names the file.
	if err != nil {
		return err
	}
	var answer web.Answer
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	store, err := open(ctx, id, redis)
	if err != nil {
		return err
	}
	if store != nil {
		defer store.Close()
	}
	s := &http.Server{Addr: addr, Handler: web.SessionHandler(store, answer), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { s.Close() })
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// open returns nil for a server without sessions.
func open(ctx context.Context, id, redis string) (sessions.Store, error) {
	if id == web.NetHTTP {
		return nil, nil
	}
	for _, c := range sessions.All() {
		if c.ID == id {
			return c.Open(ctx, sessions.Place{Redis: redis})
		}
	}
	return nil, fmt.Errorf("nobody is called %s", id)
}
