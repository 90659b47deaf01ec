package speedlayer_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/security.md says which test proves what. A test that was renamed or removed must
// not go on proving it there.
func TestTestsThatSecurityNamesExist(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z]+)\\.(Test\\w+)(?:/(\\w+))?`").FindAllStringSubmatch(string(doc), -1)
	if len(named) < 50 {
		t.Fatalf("only %d tests are named: the expression does not fit the document", len(named))
	}
	tests := sourceOfTests(t)
	for _, m := range named {
		pkg, name, suite := m[1], m[2], m[3]
		if !strings.Contains(tests[pkg], "\nfunc "+name+"(") {
			t.Errorf("there is no %s.%s", pkg, name)
		}
		if suite != "" && !strings.Contains(tests["storetest"], `"`+suite+`": func(`) {
			t.Errorf("the suite has no %s", suite)
		}
	}
}

// sourceOfTests returns the source of the tests by the last element of their folder.
func sourceOfTests(t *testing.T) map[string]string {
	t.Helper()
	sources := map[string]*strings.Builder{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		folder := filepath.Base(filepath.Dir(path))
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if name := d.Name(); name != "." && strings.HasPrefix(name, ".") || name == "node_modules" {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, "_test.go") && (folder != "storetest" || !strings.HasSuffix(path, ".go")):
			return nil
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if sources[folder] == nil {
			sources[folder] = &strings.Builder{}
		}
		sources[folder].Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := make(map[string]string, len(sources))
	for folder, source := range sources {
		tests[folder] = source.String()
	}
	return tests
}
