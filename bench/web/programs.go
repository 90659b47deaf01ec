package web

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Programs are the binaries that take part.
type Programs struct{ kursapp, server, sessions, limits, load string }

// Build builds them into dir. root is the folder of the main module.
func Build(ctx context.Context, root, dir string) (Programs, error) {
	p := Programs{
		kursapp:  filepath.Join(dir, "kursapp"),
		server:   filepath.Join(dir, "webserver"),
		sessions: filepath.Join(dir, "sessionserver"),
		limits:   filepath.Join(dir, "limitserver"),
		load:     filepath.Join(dir, "webload"),
	}
	for _, b := range []struct{ from, pkg, out string }{
		{root, "./kursapp", p.kursapp},
		{filepath.Join(root, "bench"), "./cmd/webserver", p.server},
		{filepath.Join(root, "bench"), "./cmd/sessionserver", p.sessions},
		{filepath.Join(root, "bench"), "./cmd/limitserver", p.limits},
		{filepath.Join(root, "bench"), "./cmd/webload", p.load},
	} {
		command := exec.CommandContext(ctx, "go", "build", "-o", b.out, b.pkg) //nolint:gosec // G204: a folder of the caller.
		command.Dir = b.from
		if out, err := command.CombinedOutput(); err != nil {
			return Programs{}, fmt.Errorf("web: go build %s: %w\n%s", b.pkg, err, out)
		}
	}
	return p, nil
}
