package app

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/policyfile"
)

// openLimitsFile returns nil where no file is named. An invalid one is a mistake of
// whoever starts the server; later the limits in force stay instead.
func openLimitsFile(c config.LimitsFile, log *slog.Logger) (*policyfile.File, error) {
	if c.LimitsFile == "" {
		return nil, nil //nolint:nilnil // no file is what was asked for
	}
	f, err := policyfile.Open(c.LimitsFile, log)
	if err != nil {
		return nil, limitsFileError(c.LimitsFile, err)
	}
	return f, nil
}

func limitsFileError(path string, err error) error {
	return config.Usagef("KURSAPP_LIMITS_FILE %s: %v", oneLine(path), oneLine(err.Error()))
}

// followLimits puts changes of the file into force, and in production looks at once on
// SIGHUP. The demo belongs to a terminal, which sends that signal when it is closed: it
// ends the demo.
func (a *App) followLimits(ctx context.Context) error {
	reload := make(chan os.Signal, 1)
	if a.mode == ModeProduction {
		signal.Notify(reload, syscall.SIGHUP)
		defer signal.Stop(reload)
	}
	return a.limitsFile.Run(ctx, reload)
}
