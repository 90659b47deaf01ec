package config_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
)

func parse(t *testing.T, args ...string) *config.Config {
	t.Helper()
	c, err := config.Parse(args, io.Discard, io.Discard)
	if err != nil {
		t.Fatalf("Parse(%q): %v", args, err)
	}
	return c
}

func TestFlagBeatsEnvironmentBeatsDefault(t *testing.T) {
	t.Setenv("KURSAPP_ADDR", "")
	if got := parse(t, "demo").Demo.Addr; got != "127.0.0.1:8000" {
		t.Errorf("default address %q, want 127.0.0.1:8000", got)
	}
	t.Setenv("KURSAPP_ADDR", "127.0.0.1:8001")
	t.Setenv("KURSAPP_LOG_LEVEL", "debug")
	c := parse(t, "demo")
	if c.Demo.Addr != "127.0.0.1:8001" || c.LogLevel != slog.LevelDebug {
		t.Errorf("from the environment: %q and %v", c.Demo.Addr, c.LogLevel)
	}
	if got := parse(t, "demo", "--addr", "[::1]:8002").Demo.Addr; got != "[::1]:8002" {
		t.Errorf("from the flag: %q", got)
	}
}

func TestServeListensEverywhereAndMigratesAndWorksByDefault(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u@h/d")
	t.Setenv("REDIS_URL", "redis://h:6379")
	t.Setenv("KURSAPP_CORS_ORIGINS", "https://a.example,http://localhost:5173")
	c := parse(t, "serve")
	if c.Serve.Addr != ":8000" || !c.Serve.Migrate || !c.Serve.Worker || len(c.Serve.CORSOrigins) != 2 {
		t.Errorf("serve: %+v", c.Serve)
	}
	c = parse(t, "serve", "--migrate=false", "--no-worker")
	if c.Serve.Migrate || c.Serve.Worker {
		t.Errorf("serve with both left out: %+v", c.Serve)
	}
}

func TestTheDemoListensOnLoopbackOnly(t *testing.T) {
	for _, addr := range []string{":8000", "0.0.0.0:8000", "[::]:8000", "192.0.2.7:8000", "example.com:80", "8000", "127.0.0.1"} {
		_, err := config.Parse([]string{"demo", "--addr", addr}, io.Discard, io.Discard)
		if !config.IsUsage(err) {
			t.Errorf("--addr %s: error %v, want a usage error", addr, err)
		}
	}
	for _, addr := range []string{"127.0.0.1:0", "127.8.8.8:80", "[::1]:8000", "localhost:8000", "[::ffff:127.0.0.1]:8000"} {
		parse(t, "demo", "--addr", addr)
	}
}

func TestMetricsAreServedOnlyWhereAsked(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u@h/d")
	t.Setenv("REDIS_URL", "redis://h:6379")
	if demo, serve := parse(t, "demo").Demo.MetricsAddr, parse(t, "serve").Serve.MetricsAddr; demo != "" || serve != "" {
		t.Errorf("by default the demo serves metrics on %q and serve on %q", demo, serve)
	}
	t.Setenv("KURSAPP_METRICS_ADDR", "127.0.0.1:9101")
	if demo, serve := parse(t, "demo").Demo.MetricsAddr, parse(t, "serve").Serve.MetricsAddr; demo != "127.0.0.1:9101" || serve != "127.0.0.1:9101" {
		t.Errorf("the demo serves metrics on %q and serve on %q", demo, serve)
	}
	parse(t, "serve", "--metrics-addr=:9101") // for a Prometheus on another machine
	for _, args := range []string{"demo --metrics-addr=:9101", "demo --metrics-addr=192.0.2.7:9101", "demo --metrics-addr=9101", "serve --metrics-addr=9101", "serve --metrics-addr=localhost"} {
		_, err := config.Parse(strings.Fields(args), io.Discard, io.Discard)
		if !config.IsUsage(err) || !strings.Contains(err.Error(), "KURSAPP_METRICS_ADDR") {
			t.Errorf("%s: error %v, want a usage error that names the variable", args, err)
		}
	}
}

func TestOriginsAreChecked(t *testing.T) {
	for _, origin := range []string{"*", "https://a.example/", "https://a.example/app", "a.example", "ftp://a.example", "https://u:p@a.example", "null"} {
		_, err := config.Parse([]string{"demo", "--cors-origins", origin}, io.Discard, io.Discard)
		if !config.IsUsage(err) {
			t.Errorf("origin %s: error %v, want a usage error", origin, err)
		}
	}
}

func TestLocalCacheIsSizedInMiBAndCanBeTurnedOff(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u@h/d")
	t.Setenv("REDIS_URL", "redis://h:6379")
	if demo, serve := parse(t, "demo").Demo.LocalBytes(), parse(t, "serve").Serve.LocalBytes(); demo != 33554432 || serve != 33554432 {
		t.Errorf("by default the demo has %d bytes and serve %d, want 33554432", demo, serve)
	}
	t.Setenv("KURSAPP_LOCAL_CACHE_MB", "65536")
	if demo, serve := parse(t, "demo").Demo.LocalBytes(), parse(t, "serve").Serve.LocalBytes(); demo != 68719476736 || serve != 68719476736 {
		t.Errorf("with 65536 MiB the demo has %d bytes and serve %d, want 68719476736", demo, serve)
	}
	if got := parse(t, "demo", "--local-cache-mb", "0").Demo.LocalBytes(); got != 0 {
		t.Errorf("with 0 the demo has %d bytes", got)
	}
	if demo, serve := parse(t, "demo").Demo.LocalSessionBytes(), parse(t, "serve").Serve.LocalSessionBytes(); demo != 16777216 || serve != 16777216 {
		t.Errorf("by default the demo has %d bytes for sessions and serve %d, want 16777216", demo, serve)
	}
	t.Setenv("KURSAPP_LOCAL_SESSIONS_MB", "0")
	if got := parse(t, "serve").Serve.LocalSessionBytes(); got != 0 {
		t.Errorf("with 0 there are %d bytes for sessions", got)
	}
}

func TestLocalCacheRefusesWhatCannotBeMeant(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u@h/d")
	t.Setenv("REDIS_URL", "redis://h:6379")
	for _, command := range []string{"demo", "serve"} {
		for _, size := range []string{"-1", "65537", "33554432", "9223372036854775807"} {
			_, err := config.Parse([]string{command, "--local-cache-mb=" + size}, io.Discard, io.Discard)
			if !config.IsUsage(err) || !strings.Contains(err.Error(), "KURSAPP_LOCAL_CACHE_MB") || !strings.Contains(err.Error(), size) {
				t.Errorf("%s --local-cache-mb=%s: error %v, want a usage error that names the variable and the value", command, size, err)
			}
		}
		for _, size := range []string{"", "32M", "1.5", "x"} {
			_, err := config.Parse([]string{command, "--local-cache-mb=" + size}, io.Discard, io.Discard)
			if !config.IsUsage(err) || !strings.Contains(err.Error(), "local-cache-mb") {
				t.Errorf("%s --local-cache-mb=%q: error %v, want a usage error that names the flag", command, size, err)
			}
		}
	}
}

func TestHelpIsPrintedWithoutArguments(t *testing.T) {
	var out bytes.Buffer
	_, err := config.Parse(nil, &out, io.Discard)
	if !errors.Is(err, config.ErrHelp) || !strings.Contains(out.String(), "kursapp demo") {
		t.Errorf("error %v and help:\n%s", err, &out)
	}
}

func TestHelpShowsNoSecret(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u:geheim@h/d")
	var out bytes.Buffer
	if _, err := config.Parse([]string{"serve", "--help"}, &out, &out); !errors.Is(err, config.ErrHelp) {
		t.Errorf("error %v, want ErrHelp", err)
	}
	if strings.Contains(out.String(), "geheim") {
		t.Errorf("help shows the password of DATABASE_URL:\n%s", &out)
	}
}

func TestAuditLogIsKeptForAYear(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u@h/d")
	t.Setenv("REDIS_URL", "redis://h:6379")
	if demo, serve := parse(t, "demo").Demo.AuditRetention(), parse(t, "serve").Serve.AuditRetention(); demo != 8760*time.Hour || serve != demo {
		t.Errorf("the demo keeps it %v, serve %v, want 8760h", demo, serve)
	}
	t.Setenv("KURSAPP_AUDIT_DAYS", "0")
	if got := parse(t, "serve").Serve.AuditRetention(); got != 0 {
		t.Errorf("for good is %v, want 0", got)
	}
	for _, days := range []string{"-1", "36501", "9223372036854775807"} {
		_, err := config.Parse([]string{"serve", "--audit-days=" + days}, io.Discard, io.Discard)
		if !config.IsUsage(err) || !strings.Contains(err.Error(), "KURSAPP_AUDIT_DAYS") || !strings.Contains(err.Error(), days) {
			t.Errorf("--audit-days=%s: error %v, want a usage error that names the variable and the value", days, err)
		}
	}
}
