// Package app wires kursapp together: configuration, logging, the two stores,
// the packages of speedlayer, HTTP and the task worker. Each sub-command is one
// file; [App] is what `demo` and `serve` share.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
)

// version is set by the linker (see the Makefile).
var version = "dev"

// Exit codes of the process.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// streams are the process's standard input and outputs.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Main runs kursapp with the arguments after the program's name and returns
// the exit code: 0 after success and after an orderly stop, 2 when the command
// line or the environment has to be changed, 1 for every other failure.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	cfg, err := config.Parse(args, stdout, stderr)
	if errors.Is(err, config.ErrHelp) {
		return exitOK
	}
	stopped := false
	if err == nil {
		// The first signal asks for an orderly stop. From then on signals have
		// their default effect again: the second one ends the process at once.
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop)
		err = run(ctx, cfg, streams{stdin, stdout, stderr})
		// A server whose start a signal cut off has not failed, whatever it was
		// doing. A command that was to change something has.
		stopped = ctx.Err() != nil && slices.Contains([]string{"demo", "serve", "worker"}, cfg.Command)
	}
	switch {
	case err == nil, stopped && !config.IsUsage(err):
		return exitOK
	case config.IsUsage(err):
		fmt.Fprintln(stderr, "kursapp: "+err.Error())
		return exitUsage
	default:
		fmt.Fprintln(stderr, "kursapp: "+err.Error())
		return exitFailure
	}
}

func run(ctx context.Context, cfg *config.Config, s streams) error {
	log := newLogger(s.err, cfg.LogLevel)
	if sub, ok := strings.CutPrefix(cfg.Command, "queue "); ok {
		sub, _, _ = strings.Cut(sub, " ")
		return runQueue(ctx, sub, cfg.Queue, s)
	}
	if sub, ok := strings.CutPrefix(cfg.Command, "limits "); ok {
		sub, _, _ = strings.Cut(sub, " ")
		return runLimits(ctx, sub, cfg.Limits, s)
	}
	switch cfg.Command {
	case "demo":
		return runDemo(ctx, cfg.Demo, log, s.out)
	case "serve":
		return runServe(ctx, cfg.Serve, log)
	case "worker":
		return runWorker(ctx, cfg.Worker, log)
	case "migrate up":
		return migrateUp(ctx, cfg.Migrate.Up, log, s.out)
	case "migrate status":
		return migrateStatus(ctx, cfg.Migrate.Status, log, s.out)
	case "migrate undemo":
		return migrateUndemo(ctx, cfg.Migrate.Undemo, log, s.out)
	case "user add <email>":
		return userAdd(ctx, cfg.User.Add, log, s)
	case "user list":
		return userList(ctx, cfg.User.List, log, s.out)
	case "user set-role <email> <role>":
		return userSetRole(ctx, cfg.User.SetRole, log, s.out)
	case "openapi":
		return printDocument(s.out)
	case "version":
		_, err := fmt.Fprintf(s.out, "kursapp %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}
	return fmt.Errorf("app: no such command: %s", cfg.Command)
}

// quiet is for one-shot commands whose result goes to the terminal: they log
// only when asked for details.
func quiet(log *slog.Logger) *slog.Logger {
	if log.Enabled(context.Background(), slog.LevelDebug) {
		return log
	}
	return slog.New(slog.DiscardHandler)
}
