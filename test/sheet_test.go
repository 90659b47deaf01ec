package test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A sheet is a Markdown document whose commands are to be run: fenced blocks of sh, each
// with what comes out in the next block of text or json, and with what the demo's log
// says in a block of log.

// exercise is one block of commands and what must come of it.
type exercise struct {
	line   int // of its fence
	script string
	again  bool   // may be run again until its output is right
	want   string // the output's pattern
	kind   string // text, json, or empty: anything
	log    []string
}

// shown are the languages of blocks that nothing is done with. Another one is a mistake:
// what is meant to run would not.
var shown = map[string]bool{"console": true, "python": true, "go": true, "sql": true}

func parseSheet(content string) (exercises []exercise, err error) {
	fence, language, body := 0, "", []string(nil)
	for i, line := range strings.Split(content, "\n") {
		switch {
		case fence == 0 && strings.HasPrefix(line, "```"):
			fence, language, body = i+1, strings.TrimSpace(line[3:]), nil
		case fence == 0:
		case line == "```":
			exercises, err = appendBlock(exercises, fence, language, body)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", fence, err)
			}
			fence = 0
		default:
			body = append(body, line)
		}
	}
	if fence != 0 {
		return nil, fmt.Errorf("line %d: the block does not end", fence)
	}
	return exercises, nil
}

func appendBlock(to []exercise, line int, language string, body []string) ([]exercise, error) {
	text := strings.Join(body, "\n")
	switch language {
	case "sh", "sh nochmal":
		return append(to, exercise{line: line, script: text, again: language != "sh"}), nil
	case "text", "json":
		if len(to) == 0 || to[len(to)-1].kind != "" {
			return nil, fmt.Errorf("%s belongs to no commands", language)
		}
		to[len(to)-1].want, to[len(to)-1].kind = text, language
	case "log":
		if len(to) == 0 || to[len(to)-1].log != nil {
			return nil, fmt.Errorf("%s belongs to no commands", language)
		}
		to[len(to)-1].log = body
	default:
		if !shown[language] {
			return nil, fmt.Errorf("a block of %q", language)
		}
	}
	return to, nil
}

var (
	spaces   = regexp.MustCompile(`[ \t\r]+`)
	example  = regexp.MustCompile(`‹([^›]*)›|…`)
	isNumber = regexp.MustCompile(`^\d+([.,]\d+)?$`)
)

// tidy makes lines that differ in nothing but white space the same.
func tidy(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(spaces.ReplaceAllString(line, " "))
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// pattern compiles what a sheet shows. In it ‹7› stands for any number, ‹word› for any
// word, … for anything within a line, and a line of … alone for any lines.
func pattern(want string) *regexp.Regexp {
	var expr strings.Builder
	expr.WriteString(`\A`)
	for line := range strings.SplitSeq(tidy(want), "\n") {
		if line == "…" {
			expr.WriteString(`(?:.*\n)*?`)
			continue
		}
		last := 0
		for _, at := range example.FindAllStringSubmatchIndex(line, -1) {
			expr.WriteString(regexp.QuoteMeta(line[last:at[0]]))
			last = at[1]
			switch {
			case at[2] < 0:
				expr.WriteString(`.*`)
			case isNumber.MatchString(line[at[2]:at[3]]):
				expr.WriteString(`\d+(?:\.\d+)?`)
			default:
				expr.WriteString(`[^\s"]+`)
			}
		}
		expr.WriteString(regexp.QuoteMeta(line[last:]) + `\n`)
	}
	expr.WriteString(`\z`)
	return regexp.MustCompile(expr.String())
}

// judge says what is wrong with an output.
func (e exercise) judge(output string) error {
	if e.kind == "" {
		return nil
	}
	got := output
	if e.kind == "json" {
		var value json.RawMessage
		if err := json.Unmarshal([]byte(output), &value); err != nil {
			return fmt.Errorf("not JSON (%w):\n%s", err, output)
		}
		indented, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return err
		}
		got = string(indented)
	}
	if !pattern(e.want).MatchString(tidy(got) + "\n") {
		return fmt.Errorf("the output is\n%s\nand the sheet shows\n%s", got, e.want)
	}
	return nil
}

// shell is one bash that runs block after block, so that variables and functions of one
// are there in the next, as in a terminal.
type shell struct {
	dir   string
	stdin io.Writer
	ends  chan string // exit codes
}

// blockTimeout bounds one run of a block.
const blockTimeout = 60 * time.Second

// prologue has each command that fails write its line and exit code; a block's own exit
// code is that of its last command alone.
const prologue = `set -o pipefail
trap 'echo "line $LINENO: exit code $?" >>"$FAILURES"' ERR
`

func startShell(t *testing.T) *shell {
	t.Helper()
	s := &shell{dir: t.TempDir(), ends: make(chan string, 1)}
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc")
	cmd.Dir = s.dir
	// With FAKETTY redis-cli writes what it would write to a terminal. The race detector
	// of kursapp's commands would wait for a second at the end of each.
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "LC_ALL=C.UTF-8", "FAKETTY=1", "GORACE=atexit_sleep_ms=0",
		"FAILURES=" + s.path("failures"),
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.stdin = stdin
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(s.ends)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			s.ends <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		stdin.Close()
		<-ended
		_ = cmd.Wait()
	})
	if _, err := io.WriteString(stdin, prologue); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shell) path(name string) string { return filepath.Join(s.dir, name) }

// run runs a block and returns what it wrote, and an error where one of its commands
// failed.
func (s *shell) run(script string) (output string, err error) {
	if err := os.WriteFile(s.path("block"), []byte(script+"\n"), 0o600); err != nil {
		return "", err
	}
	if err := os.WriteFile(s.path("failures"), nil, 0o600); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(s.stdin, ". '%s' >'%s' 2>&1 </dev/null; echo $?\n", s.path("block"), s.path("output")); err != nil {
		return "", err
	}
	var code string
	select {
	case code = <-s.ends:
	case <-time.After(blockTimeout):
		code = "none within " + blockTimeout.String()
	}
	written, err := os.ReadFile(s.path("output"))
	if err != nil {
		return "", err
	}
	failures, err := os.ReadFile(s.path("failures"))
	if err != nil {
		return "", err
	}
	if code != "0" || len(failures) > 0 {
		return string(written), fmt.Errorf("exit code %s; %s\n%s", code, failures, written)
	}
	return string(written), nil
}

// do runs an exercise; one that may be repeated, until it is right.
func (s *shell) do(e exercise) error {
	deadline := time.Now().Add(startTimeout)
	for {
		output, err := s.run(e.script)
		if err == nil {
			err = e.judge(output)
		}
		if err == nil || !e.again || time.Now().After(deadline) {
			return err
		}
		time.Sleep(25 * time.Millisecond) // between two looks, as in eventually
	}
}
