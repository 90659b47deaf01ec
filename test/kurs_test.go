package test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	kursSheet = "../docs/kurs.de.md"
	// leastBlocks keeps the sheet's test from passing because it found nothing to run.
	leastBlocks = 70
)

// What the sheet writes for what differs from demo to demo.
const (
	sheetAddress = "127.0.0.1:8000"
	sheetFolder  = "/tmp/kursapp-demo-1871770327"
	sheetBinary  = "bin/kursapp"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

var greetedFolder = regexp.MustCompile(`redis-cli -s (\S+)/redis\.sock\n`)

// Whoever types the commands of the sheet into a fresh demo sees what it shows.
func TestEveryCommandOfTheSheet(t *testing.T) {
	t.Parallel()
	demo := start(t, nil, "demo")
	var folder string
	eventually(t, startTimeout, func() error {
		line := greetedFolder.FindStringSubmatch(demo.out.String())
		if line == nil {
			return errors.New("the demo names no redis-cli with a socket: is redis-server installed?")
		}
		folder = line[1]
		return nil
	})
	content := readFile(t, kursSheet)
	for _, placeholder := range []string{sheetAddress, sheetFolder, sheetBinary} {
		if !strings.Contains(content, placeholder) {
			t.Fatalf("the sheet does not mention %s", placeholder)
		}
	}
	address := strings.TrimPrefix(demo.base, "http://")
	replaced := strings.NewReplacer(sheetAddress, address, sheetFolder, folder, sheetBinary, binary).Replace(content)
	exercises, err := parseSheet(replaced)
	if err != nil {
		t.Fatal(err)
	}
	bash, ran := startShell(t), 0
	for _, e := range exercises {
		logged := len(demo.log.String())
		if err := bash.do(e); err != nil {
			t.Fatalf("%s:%d:\n%s\n%v", kursSheet, e.line, e.script, err)
		}
		for _, text := range e.log {
			eventually(t, startTimeout, func() error {
				if !strings.Contains(demo.log.String()[logged:], text) {
					return errors.New("the log of the demo does not say " + text + " after\n" + e.script)
				}
				return nil
			})
		}
		ran++
	}
	if ran < leastBlocks {
		t.Errorf("%d blocks ran, want at least %d", ran, leastBlocks)
	}
}

var sectionTitle = regexp.MustCompile(`(?m)^## (\d) `)

func TestEachExerciseOfTheSheetIsWhole(t *testing.T) {
	t.Parallel()
	content := readFile(t, kursSheet)
	titles := sectionTitle.FindAllStringSubmatchIndex(content, -1)
	numbers := ""
	for i, title := range titles {
		end := len(content)
		if i+1 < len(titles) {
			end = titles[i+1][0]
		}
		number, section := content[title[2]:title[3]], content[title[0]:end]
		numbers += number
		if number == "0" {
			continue
		}
		for what, sign := range map[string]string{
			"commands": "\n```sh", "output": "\n```text\n", "the dashboard": "http://127.0.0.1:8000/ui/", "Go code": ".go)",
			"a question": "<details>", "a checklist": "\n- [ ] ",
		} {
			if !strings.Contains(section, sign) {
				t.Errorf("exercise %s lacks %s", number, what)
			}
		}
	}
	if numbers != "01234567" {
		t.Errorf("the exercises are %s, want 0 to 7", numbers)
	}
}

var (
	markdownLink = regexp.MustCompile(`\[([^\]]+)\]\(([^)#\s]+)[^)]*\)`)
	// codeName is a link's text that names a declaration, such as `cache.Get`.
	codeName = regexp.MustCompile("^`(?:[\\w.]+\\.)?(\\w+)`$")
)

// What the German documents point at is there: files, and what is declared in them.
func TestLinksOfTheGermanDocuments(t *testing.T) {
	t.Parallel()
	for document, leastNames := range map[string]int{kursSheet: 20, "../README.de.md": 0} {
		names := 0
		for _, link := range markdownLink.FindAllStringSubmatch(readFile(t, document), -1) {
			text, target := link[1], link[2]
			if strings.Contains(target, "://") {
				continue
			}
			path := filepath.Join(filepath.Dir(document), filepath.FromSlash(target))
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: [%s]: %v", document, text, err)
				continue
			}
			name := codeName.FindStringSubmatch(text)
			if name == nil || filepath.Ext(path) != ".go" {
				continue
			}
			names++
			declared := regexp.MustCompile(`(?m)^(?:func|type) (?:\([^)]*\) )?` + name[1] + `\b`)
			if !declared.MatchString(readFile(t, path)) {
				t.Errorf("%s: %s is not declared in %s", document, text, target)
			}
		}
		if names < leastNames {
			t.Errorf("%s names %d declarations, want at least %d", document, names, leastNames)
		}
	}
}

var environmentVariable = regexp.MustCompile("`((?:KURSAPP_|DATABASE_|REDIS_|SMTP_)[A-Z_]+)`")

// A new variable has to be explained in both languages.
func TestBothReadmesNameTheSameVariables(t *testing.T) {
	t.Parallel()
	named := func(path string) (names []string) {
		for _, match := range environmentVariable.FindAllStringSubmatch(readFile(t, path), -1) {
			names = append(names, match[1])
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	english, german := named("../README.md"), named("../README.de.md")
	if len(english) < 10 || !slices.Equal(english, german) {
		t.Errorf("README.md names %v, README.de.md %v", english, german)
	}
}

// The judge that the sheet's test relies on.
func TestSheetIsJudged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sheet string
		right       bool
	}{
		{"the same", "```sh\necho eins\n```\n```text\neins\n```", true},
		{"another output", "```sh\necho eins\n```\n```text\nzwei\n```", false},
		{"more output", "```sh\necho eins; echo zwei\n```\n```text\neins\n```", false},
		{"less output", "```sh\necho eins\n```\n```text\neins\nzwei\n```", false},
		{"output where none is shown", "```sh\necho eins\n```", true},
		{"errors count as output", "```sh\necho eins >&2\n```\n```text\neins\n```", true},
		{"a failure", "```sh\nfalse\n```", false},
		{"a failure in the middle", "```sh\nfalse\ntrue\n```", false},
		{"a failure in a pipe", "```sh\nfalse | cat\n```", false},
		{"a failure with the right output", "```sh\necho eins; false\n```\n```text\neins\n```", false},
		{"no such command", "```sh\nredis-klient PING\n```", false},
		{"a variable of an earlier block", "```sh\nX=7\n```\n```sh\necho $X\n```\n```text\n7\n```", true},
		{"a number", "```sh\necho 'ttl=59;'\n```\n```text\nttl=‹57›;\n```", true},
		{"a negative number", "```sh\necho 'ttl=-1;'\n```\n```text\nttl=‹57›;\n```", false},
		{"a word", "```sh\necho 'id: a7-b'\n```\n```text\nid: ‹beispiel›\n```", true},
		{"no word", "```sh\necho 'id: '\n```\n```text\nid: ‹beispiel›\n```", false},
		{"anything in a line", "```sh\necho 'a b c'\n```\n```text\na … c\n```", true},
		{"anything but the end", "```sh\necho 'a b d'\n```\n```text\na … c\n```", false},
		{"any lines", "```sh\nseq 5\n```\n```text\n1\n…\n5\n```", true},
		{"any lines but the last", "```sh\nseq 5\n```\n```text\n1\n…\n6\n```", false},
		{"columns", "```sh\nprintf 'a   b\\r\\n'\n```\n```text\na b\n```", true},
		{"JSON", "```sh\necho '{\"a\":[1]}'\n```\n```json\n{\n  \"a\": [\n    1\n  ]\n}\n```", true},
		{"other JSON", "```sh\necho '{\"a\":[2]}'\n```\n```json\n{\n  \"a\": [\n    1\n  ]\n}\n```", false},
		{"no JSON", "```sh\necho eins\n```\n```json\n…\n```", false},
		{"right at last", "```sh\nN=0\n```\n```sh nochmal\nN=$((N+1)); echo $N\n```\n```text\n3\n```", true},
		{"not repeated unasked", "```sh\nN=0\n```\n```sh\nN=$((N+1)); echo $N\n```\n```text\n3\n```", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			exercises, err := parseSheet(c.sheet)
			if err != nil || len(exercises) == 0 {
				t.Fatalf("%d exercises, %v", len(exercises), err)
			}
			bash := startShell(t)
			for _, e := range exercises {
				if err = bash.do(e); err != nil {
					break
				}
			}
			if (err == nil) != c.right {
				t.Errorf("judged %v", err)
			}
		})
	}
	for name, sheet := range map[string]string{
		"a language that is not run": "```bash\ntrue\n```",
		"no language":                "```\ntrue\n```",
		"a block without an end":     "```sh\ntrue\n",
		"output of nothing":          "```text\neins\n```",
		"two outputs":                "```sh\ntrue\n```\n```text\n```\n```text\n```",
		"a log of nothing":           "```log\nCache HIT\n```",
	} {
		if _, err := parseSheet(sheet); err == nil {
			t.Errorf("%s: the sheet is accepted", name)
		}
	}
}
