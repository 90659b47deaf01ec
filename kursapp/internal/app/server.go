package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
)

// Bounds of one HTTP exchange. A client that is slower than this is not one
// that a person waits for.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
	// drainTimeout bounds how long a stop waits for requests in flight.
	drainTimeout = 15 * time.Second
)

// listen opens the address of the server and explains the most frequent
// failure.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	return listenAs(ctx, addr, "KURSAPP_ADDR=127.0.0.1:8001, or --addr")
}

// listenForMetrics opens the address for Prometheus; none is no listener.
func listenForMetrics(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		return nil, nil //nolint:nilnil // no listener is what was asked for
	}
	return listenAs(ctx, addr, "KURSAPP_METRICS_ADDR=127.0.0.1:9101, or --metrics-addr")
}

func listenAs(ctx context.Context, addr, otherwise string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, config.Usagef("%s is taken by another program. Choose another address: %s", addr, otherwise)
	}
	if err != nil {
		return nil, config.Usagef("cannot listen on %s: %v", addr, err)
	}
	return l, nil
}

// serveHTTP serves until ctx ends, then stops accepting and waits for what is
// in flight. It returns nil after an orderly stop.
func serveHTTP(ctx context.Context, log *slog.Logger, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("app: serve: %w", err)
	case <-ctx.Done():
	}
	// The requests in flight outlive ctx by design.
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		log.Warn("requests were cut off after the drain timeout", "timeout", drainTimeout)
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("app: serve: %w", err)
	}
	return nil
}
