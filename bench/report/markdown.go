package report

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/speedlayer/speedlayer/bench/web"
)

// Markdown is the whole generated part.
func Markdown(m Machine, r *Results, w web.Result) string {
	return strings.Join([]string{
		m.String(),
		"### Targets\n\n" + targetTable(targets(r, w)),
		"### The same work\n\n" + overview(r),
		"### Over HTTP\n\n" + webTable(w),
		"### How far the rounds lie apart\n\n" + details(r),
	}, "\n")
}

// ErrNoSection is returned where a document has no place for what was written.
var ErrNoSection = errors.New("report: the document lacks the marks of the section")

// Replace puts text between the marks of a section:
//
//	<!-- begin peers -->
//	<!-- end peers -->
func Replace(document, section, text string) (string, error) {
	begin, end := "<!-- begin "+section+" -->\n", "<!-- end "+section+" -->"
	before, rest, ok := strings.Cut(document, begin)
	if !ok {
		return "", fmt.Errorf("%w: %s", ErrNoSection, section)
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("%w: %s", ErrNoSection, section)
	}
	return before + begin + "\n" + strings.TrimSpace(text) + "\n\n" + end + after, nil
}

// ReplaceIn replaces the section of a file.
func ReplaceIn(file, section, text string) error {
	document, err := os.ReadFile(file) //nolint:gosec // G304: the user names the file.
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	replaced, err := Replace(string(document), section, text)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(replaced), 0o644) //nolint:gosec // G306: documentation.
}
