package memory

import (
	"fmt"
	"strings"
)

// Table is the stages as Markdown.
func Table(bound int64, stages []Stage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Bound of the local tier: %s.\n\n", mebi(bound))
	b.WriteString("| distinct keys so far | local tier, at most so far | entries in it | live heap | RSS |\n|--:|--:|--:|--:|--:|\n")
	for _, s := range stages {
		rss := "-"
		if s.RSS > 0 {
			rss = mebi(s.RSS)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n",
			thousands(s.Keys), mebi(s.Highest), thousands(s.Entries), mebi(int64(s.Heap)), rss) //nolint:gosec // G115: a heap fits.
	}
	return b.String()
}

func mebi(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }

// thousands formats a whole number with commas, as "10,000,000".
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
