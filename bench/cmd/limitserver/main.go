// Command limitserver is net/http with GET /api/data behind one of the contestants of
// package limits, or refused to everybody.
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

	"github.com/speedlayer/speedlayer/bench/limits"
	"github.com/speedlayer/speedlayer/bench/web"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8004", "address to listen on")
	redis := flag.String("redis", "127.0.0.1:6379", "address of Redis")
	limiter := flag.String("limiter", web.NetHTTP, "who limits; "+web.NetHTTP+" refuses everybody")
	answer := flag.String("answer", "", "file with the answer, as JSON")
	flag.Parse()
	if err := run(*addr, *redis, *limiter, *answer); err != nil {
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
	limiter, err := open(ctx, id, redis)
	if err != nil {
		return err
	}
	if limiter != nil {
		defer limiter.Close()
	}
	s := &http.Server{Addr: addr, Handler: web.LimitHandler(limiter, answer), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { s.Close() })
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// open returns nil for a server that asks nobody.
func open(ctx context.Context, id, redis string) (limits.Limiter, error) {
	if id == web.NetHTTP {
		return nil, nil
	}
	for _, c := range limits.Able(limits.Deny) {
		if c.ID == id {
			return c.Open(ctx, redis, web.OnceADay(id))
		}
	}
	return nil, fmt.Errorf("nobody is called %s", id)
}
