// Command kursapp is the complete service built from the speedlayer packages.
// Run "kursapp --help".
package main

import (
	"os"

	"github.com/speedlayer/speedlayer/kursapp/internal/app"
)

func main() {
	os.Exit(app.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
