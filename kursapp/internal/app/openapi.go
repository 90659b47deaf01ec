package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/speedlayer/speedlayer/kursapp/internal/httpapi"
)

// printDocument prints the OpenAPI document of the demo: the dashboard's types are made
// from it, and so may other clients be.
func printDocument(out io.Writer) error {
	document, err := httpapi.Document(httpapi.Demo, version)
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	var lines bytes.Buffer
	if err := json.Indent(&lines, document, "", "  "); err != nil {
		return fmt.Errorf("app: %w", err)
	}
	lines.WriteByte('\n')
	_, err = lines.WriteTo(out)
	return err
}
