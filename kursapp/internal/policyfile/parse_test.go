package policyfile_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/kursapp/internal/policyfile"
	"github.com/speedlayer/speedlayer/ratelimit"
)

func limitOf(t *testing.T, p kurs.Policy, name string) kurs.RateLimit {
	t.Helper()
	l, ok := p.Limit(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return l
}

func TestParseOverridesSingleSettings(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"tables":        "# limits\n[data]\nlimit = 1_00\n\n[login-account]\nwindow = '90s'\nwithout_redis = \"closed\"\n[global]\nenabled = true\n",
		"dotted keys":   "#\ndata.limit = +100\n#\n#\nlogin-account.window = \"1m30s\"\nlogin-account.without_redis = \"closed\"\n#\nglobal.enabled = true",
		"inline tables": "#\r\ndata = { limit = 0x64 }\r\n\r\n\r\n\"login-account\" = {window='90s', without_redis='closed'}\r\n\r\n\r\nglobal = {enabled = true}",
	} {
		c, err := policyfile.Parse([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, want := limitOf(t, c.Policy, "data").Rule, (ratelimit.Rule{Name: "data", Limit: 100, Window: time.Minute, WithoutRedis: ratelimit.FailOpen}); got != want {
			t.Errorf("%s: data is %+v", name, got)
		}
		if got, want := limitOf(t, c.Policy, "login-account").Rule, (ratelimit.Rule{Name: "login-account", Limit: 10, Window: 90 * time.Second, WithoutRedis: ratelimit.FailClosed}); got != want {
			t.Errorf("%s: login-account is %+v", name, got)
		}
		if limitOf(t, c.Policy, "global").Off {
			t.Errorf("%s: the global limit is off", name)
		}
		defaults := kurs.DefaultPolicy()
		if changes := defaults.Changes(&c.Policy); len(changes) != 3 {
			t.Errorf("%s: changes %q", name, changes)
		}
		if len(c.Lines) != 3 || c.Lines["data"] != 2 || c.Lines["login-account"] != 5 || c.Lines["global"] != 8 {
			t.Errorf("%s: lines %v", name, c.Lines)
		}
	}
}

func TestParseNamesTheLineAndTheReason(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		// No TOML.
		"[data]\nlimit = ":                           "line 2:",
		"[data\nlimit = 1":                           "line 1:",
		"[data]\nlimit = 1\nlimit = 2":               "line 3:",
		"[data]\nlimit = 1\n[data]\nwindow = \"1s\"": "line 3:",
		"data.limit = 1\n[data]\nwindow = \"1s\"":    "line 2:",
		"[data]\nlimit = 99999999999999999999":       "line 2:",
		"[data]\nwindow = \"1m":                      "line 2:",
		"[data]\nlimit: 10":                          "line 2:",
		// Nothing.
		"":              "names no rule",
		"# [data]\n\n ": "names no rule",
		// What there is not.
		"[data]\nlimit = 1\n[dat]\nlimit = 2":  `line 3: there is no rule "dat". The rules are: data, register,`,
		"[data]\n\nlimits = 1":                 `line 3: there is no setting "limits". The settings of a rule are: limit, window, algorithm, burst, without_redis, enabled`,
		"[data]\nName = \"x\"":                 `line 2: there is no setting "Name"`,
		"limit = 10":                           `line 1: "limit" stands outside of a rule`,
		"data = 10":                            `line 1: "data" stands outside of a rule`,
		"[rules.data]\nlimit = 1":              `line 1: a table for "rules.data"`,
		"[data]\n[data.limit]\nx = 1":          `line 2: a table for "data.limit"`,
		"[data]\nlimit.x = 1":                  `line 2: "limit" has parts`,
		"[[data]]\nlimit = 1":                  `line 1: "data" is a list of tables`,
		"\ndata = {limit = 1, windows = '1s'}": `line 2: there is no setting "windows"`,
		// Settings of another kind.
		"[data]\nlimit = \"10\"":              "line 2: limit: want a whole number, without quotes",
		"[data]\nlimit = 10.5":                "line 2: limit: want a whole number",
		"[data]\nlimit = true":                "line 2: limit: want a whole number",
		"[data]\nlimit = {x = 1}":             "line 2: limit: want a whole number",
		"[data]\nlimit = [1]":                 "line 2: limit: want a whole number",
		"[data]\nwindow = 60":                 `line 2: window: want a time with its unit, as "30s", "10m" or "24h", in quotes`,
		"[data]\nwindow = \"60\"":             `line 2: window: "60": want a time with its unit`,
		"[data]\nwindow = \"1 minute\"":       `line 2: window: "1 minute": want`,
		"[data]\nwindow = 07:32:00":           "line 2: window: want a time",
		"[data]\nwithout_redis = \"deny\"":    `line 2: without_redis: want "local", "open" or "closed"`,
		"[data]\nwithout_redis = true":        "line 2: without_redis: want",
		"[global]\nenabled = \"yes\"":         "line 2: enabled: want true or false",
		"[global]\nenabled = 1":               "line 2: enabled: want true or false",
		"[global]\nenabled = true\nlimit = 0": "line 3: limit: 0 requests: want 1 to 1000000",
		"[data]\nalgorithm = \"tokens\"":      `line 2: algorithm: want "fixed", "sliding" or "gcra"`,
		"[data]\nburst = \"3\"":               "line 2: burst: want a whole number",
		// What makes no sense.
		"[data]\nburst = 3":                            "line 2: burst: only the algorithm gcra has one",
		"[data]\nalgorithm = \"gcra\"\nburst = 11":     "line 3: burst: 11 requests: want 1 to the limit of 10",
		"[data]\nlimit = -1":                           "line 2: limit: -1 requests: want 1 to 1000000",
		"[data]\nlimit = 1000001":                      "line 2: limit: 1000001 requests",
		"[data]\nlimit = 10\nwindow = \"999ms\"":       "line 3: window: 999ms: want 1s to 744h",
		"[data]\nwindow = \"-1m\"":                     "line 2: window: -1m: want",
		"[data]\nwindow = \"744h1s\"":                  "line 2: window: 744h0m1s: want",
		"[data]\nenabled = false":                      "line 2: enabled: only the rule global can be turned off",
		"[login-account]\n\nwithout_redis = \"open\"":  "line 3: without_redis: open would let everybody guess",
		"[login-address]\nwithout_redis = \"open\"":    "line 2: without_redis: open would",
		"[reset-token]\nwithout_redis = \"open\"":      "line 2: without_redis: open would",
		"[confirm-token]\nwithout_redis = \"open\"":    "line 2: without_redis: open would",
		"[dat]\nlimit = 0\n[data]\nlimit = 0\nwindo=1": `line 1: there is no rule "dat".*line 4: limit: 0 requests.*line 5: there is no setting "windo"`,
	} {
		_, err := policyfile.Parse([]byte(file))
		invalid, ok := errors.AsType[*policyfile.InvalidError](err)
		if !ok || len(invalid.Problems) == 0 {
			t.Errorf("%q: error %v, want one that names the problems", file, err)
			continue
		}
		rest := err.Error()
		for part := range strings.SplitSeq(want, ".*") {
			_, after, found := strings.Cut(rest, part)
			if !found {
				t.Errorf("%q: error %v, want %q", file, err, want)
				break
			}
			rest = after
		}
		if strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q: the error has several lines: %q", file, err)
		}
	}
}

// The example says that it has the defaults.
func TestTheExampleHasTheDefaults(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../../docs/limits.toml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := policyfile.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	if defaults := kurs.DefaultPolicy(); c.Policy != defaults {
		t.Errorf("the example changes the defaults: %q", defaults.Changes(&c.Policy))
	}
	for _, l := range c.Policy.Limits() {
		name := l.Rule.Name
		_, table, ok := strings.Cut(string(content), "\n["+name+"]\n")
		if table, _, _ = strings.Cut(table, "\n["); !ok || c.Lines[name] == 0 {
			t.Errorf("the example lacks %s", name)
		}
		for _, setting := range []string{"\nlimit = ", "\nwindow = ", "\nwithout_redis = "} {
			if !strings.Contains("\n"+table, setting) {
				t.Errorf("the example of %s lacks%q", name, setting)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, file string) {
		c, err := policyfile.Parse([]byte(file))
		if err != nil {
			invalid, ok := errors.AsType[*policyfile.InvalidError](err)
			if !ok || len(invalid.Problems) == 0 {
				t.Fatalf("%q: %v", file, err)
			}
			lines := 1 + strings.Count(file, "\n")
			for _, p := range invalid.Problems {
				if p.Line < 0 || p.Line > lines || p.Reason == "" {
					t.Errorf("%q has no line for %+v", file, p)
				}
			}
			return
		}
		for _, l := range c.Policy.Limits() {
			if err := l.Validate(); err != nil {
				t.Errorf("%q was accepted: %v", file, err)
			}
		}
		defaults := kurs.DefaultPolicy()
		for _, change := range defaults.Changes(&c.Policy) {
			name, _, _ := strings.Cut(change, ":")
			if line := c.Lines[name]; line < 1 || line > 1+strings.Count(file, "\n") {
				t.Errorf("%q changes %s in line %d", file, name, line)
			}
		}
	})
}
