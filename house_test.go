package speedlayer_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/speedlayer/speedlayer"

// listedPackage is the part of `go list -json` that the rules look at.
type listedPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// rule says what the packages under one path may import besides the standard
// library. Allowed entries ending in "/..." stand for a whole tree. The first
// rule whose path fits counts.
type rule struct {
	path  string
	allow []string
}

var ground = []string{"github.com/redis/rueidis/...", module + "/internal/redisx", module + "/internal/nearcache"}

var five = []string{module + "/cache", module + "/session", module + "/ratelimit", module + "/queue", module + "/outbox"}

// wing is the path of the application.
const wing = module + "/kursapp"

var rules = []rule{
	// The ground knows nothing above it.
	{module + "/internal/redisx", []string{"github.com/redis/rueidis/..."}},
	{module + "/internal/nearcache", []string{"github.com/redis/rueidis/..."}},
	{module + "/internal/supervise", nil},
	{module + "/internal/redistest", []string{"github.com/redis/rueidis/...", module + "/internal/supervise", "go.uber.org/goleak/..."}},
	{module + "/internal/ownredis", []string{
		"github.com/redis/rueidis/...", "github.com/alicebob/miniredis/v2", module + "/internal/redistest",
	}},
	{module + "/internal/pgtest", []string{"github.com/jackc/pgx/v5/...", module + "/internal/supervise", "go.uber.org/goleak/..."}},

	// The five packages stand on the ground, not on each other.
	{module + "/outbox/outboxpgx", append([]string{"github.com/jackc/pgx/v5/...", module + "/outbox"}, ground...)},
	// For tests of code that uses the package: it starts a Redis.
	{module + "/cache/cachetest", append([]string{
		module + "/cache", module + "/internal/ownredis",
	}, ground...)},
	{module + "/session/sessiontest", append([]string{
		module + "/session", module + "/internal/ownredis", module + "/internal/redistest",
	}, ground...)},
	{module + "/cache", ground},
	{module + "/session", ground},
	{module + "/ratelimit", ground},
	{module + "/queue", ground},
	{module + "/outbox", ground},

	// The wing: main → app → {httpapi, jobs, policyfile, postgres, sqlite} → kurs.
	{wing + "/internal/kurs", append([]string{
		"golang.org/x/crypto/argon2", "github.com/trustelem/zxcvbn/frequency", "github.com/redis/rueidis",
	}, five...)},
	{wing + "/internal/compare", []string{wing + "/internal/kurs", module + "/cache", "github.com/redis/rueidis"}},
	{wing + "/internal/policyfile", []string{wing + "/internal/kurs", module + "/ratelimit", "github.com/pelletier/go-toml/v2/..."}},
	{wing + "/internal/config", []string{"github.com/alecthomas/kong/..."}},
	{wing + "/internal/live", []string{module + "/cache", module + "/queue", module + "/session"}},
	{wing + "/internal/webui", nil},
	{wing + "/internal/httpapi", append([]string{
		wing + "/internal/kurs", wing + "/internal/live", module + "/internal/redisx",
		"github.com/danielgtaylor/huma/v2/...", "github.com/rs/cors", "github.com/swaggest/swgui/...",
		"golang.org/x/text/...",
		wing + "/internal/compare",
	}, five...)},
	{wing + "/internal/metrics", []string{module + "/cache", module + "/outbox", module + "/queue", module + "/ratelimit", module + "/session", "github.com/prometheus/client_golang/..."}},
	{wing + "/internal/jobs", []string{
		wing + "/internal/kurs", module + "/queue", module + "/outbox", module + "/internal/redisx",
		"github.com/redis/rueidis/...", "github.com/wneessen/go-mail/...",
	}},
	{wing + "/internal/postgres", []string{
		wing + "/internal/kurs", wing + "/internal/postgres/...", module + "/outbox/...",
		"github.com/jackc/pgx/v5/...", "github.com/pressly/goose/v3/...",
	}},
	{wing + "/internal/sqlite", []string{
		wing + "/internal/kurs", wing + "/internal/sqlite/...", module + "/outbox",
		"modernc.org/sqlite/...", "github.com/pressly/goose/v3/...",
	}},
	{wing + "/internal/embedded", []string{
		module + "/internal/supervise", module + "/internal/redisx",
		"github.com/redis/rueidis/...", "github.com/alicebob/miniredis/v2/...",
	}},
}

// TestArrowsPointDown fails when a package imports what its floor may not.
// Test files are free to use more, except that the library never reaches into
// the application, not even in its tests.
func TestArrowsPointDown(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages, which cannot be the whole module", len(packages))
	}
	for _, p := range packages {
		for _, broken := range violations(p) {
			t.Error(broken)
		}
	}
}

// TestArrowRulesCatchViolations shows that the rules can fail.
func TestArrowRulesCatchViolations(t *testing.T) {
	t.Parallel()
	for _, p := range []listedPackage{
		{ImportPath: module + "/cache", Imports: []string{module + "/session"}},
		{ImportPath: module + "/queue", Imports: []string{"github.com/jackc/pgx/v5"}},
		{ImportPath: module + "/session", XTestImports: []string{wing + "/internal/kurs"}},
		{ImportPath: module + "/internal/redisx", Imports: []string{module + "/cache"}},
		{ImportPath: wing + "/internal/kurs", Imports: []string{"net/http"}},
		{ImportPath: wing + "/internal/kurs", Imports: []string{wing + "/internal/postgres"}},
		{ImportPath: wing + "/internal/sqlite", Imports: []string{wing + "/internal/postgres"}},
	} {
		if len(violations(p)) == 0 {
			t.Errorf("no rule objects to %+v", p)
		}
	}
}

func violations(p listedPackage) []string {
	var broken []string
	inWing := p.ImportPath == wing || strings.HasPrefix(p.ImportPath, wing+"/")
	if !inWing {
		for _, imports := range [][]string{p.Imports, p.TestImports, p.XTestImports} {
			for _, path := range imports {
				if strings.HasPrefix(path, wing) {
					broken = append(broken, p.ImportPath+" is library and imports the application: "+path)
				}
			}
		}
	}
	i := slices.IndexFunc(rules, func(r rule) bool {
		return p.ImportPath == r.path || strings.HasPrefix(p.ImportPath, r.path+"/")
	})
	if i < 0 {
		return broken
	}
	for _, path := range p.Imports {
		if standard(path) {
			if rules[i].path == wing+"/internal/kurs" && (path == "net/http" || path == "database/sql") {
				broken = append(broken, "the domain imports "+path)
			}
			continue
		}
		if !slices.ContainsFunc(rules[i].allow, func(allowed string) bool { return matches(allowed, path) }) {
			broken = append(broken, p.ImportPath+" must not import "+path)
		}
	}
	return broken
}

func matches(allowed, path string) bool {
	if tree, ok := strings.CutSuffix(allowed, "/..."); ok {
		return path == tree || strings.HasPrefix(path, tree+"/")
	}
	return path == allowed
}

// standard reports whether path is of the standard library: its first element
// has no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func listPackages(t *testing.T) []listedPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var packages []listedPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listedPackage
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages
		case err != nil:
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, p)
	}
}
