// Command webserver is what kursapp is measured against: net/http, and nothing or
// rueidis by hand behind it.
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

	"github.com/redis/rueidis"

	"github.com/speedlayer/speedlayer/bench/web"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8002", "address to listen on")
	redis := flag.String("redis", "127.0.0.1:6379", "address of Redis")
	mode := flag.String("mode", string(web.Bare), "bare, docache or get")
	answer := flag.String("answer", "", "file with the answer, as JSON")
	flag.Parse()
	if err := run(*addr, *redis, web.Mode(*mode), *answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(addr, redis string, mode web.Mode, file string) error {
	raw, err := os.ReadFile(file) //nolint:gosec // G304: the user names the file.
	if err != nil {
		return err
	}
	var answer web.Answer
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	var client rueidis.Client
	if mode != web.Bare {
		client, err = rueidis.NewClient(rueidis.ClientOption{
			InitAddress: []string{redis}, ForceSingleClient: true, PipelineMultiplex: -1,
		})
		if err != nil {
			return err
		}
		defer client.Close()
	}
	handler, err := web.Handler(mode, answer, client)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	s := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { s.Close() })
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
