// Package webui embeds the dashboard: what `make web` built from kursapp/web into dist.
// The committed file there keeps the package buildable without that.
package webui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the dashboard, or nil where the binary was built without one.
func Files() fs.FS {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil // the name is valid
	}
	if _, err := fs.Stat(built, "index.html"); err != nil {
		return nil
	}
	return built
}
