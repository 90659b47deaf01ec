package config_test

import (
	"io"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
)

func TestLimitsCommandsNeedRedisAloneAndListNeedsNothing(t *testing.T) {
	t.Setenv("REDIS_URL", "")
	parse(t, "limits", "list")
	for _, args := range []string{"limits show data 192.0.2.1", "limits reset data 192.0.2.1"} {
		t.Setenv("REDIS_URL", "")
		if _, err := config.Parse(strings.Fields(args), io.Discard, io.Discard); !config.IsUsage(err) || !strings.Contains(err.Error(), "REDIS_URL") {
			t.Errorf("kursapp %s: error %v, want a usage error that names REDIS_URL", args, err)
		}
		t.Setenv("REDIS_URL", "redis://h:6379")
		parse(t, strings.Fields(args)...)
	}
	if _, err := config.Parse([]string{"limits", "reset", "data"}, io.Discard, io.Discard); !config.IsUsage(err) || !strings.Contains(err.Error(), "<subject>") {
		t.Errorf("without a subject: %v", err)
	}
}

func TestLimitsFileIsKnownToServersAndCommands(t *testing.T) {
	t.Setenv("REDIS_URL", "redis://h:6379")
	t.Setenv("DATABASE_URL", "postgres://u@h/d")
	if file := parse(t, "serve").Serve.LimitsFile.LimitsFile; file != "" {
		t.Errorf("by default %q", file)
	}
	t.Setenv("KURSAPP_LIMITS_FILE", "/etc/kursapp/limits.toml")
	for name, file := range map[string]string{
		"serve":       parse(t, "serve").Serve.LimitsFile.LimitsFile,
		"demo":        parse(t, "demo").Demo.LimitsFile.LimitsFile,
		"limits list": parse(t, "limits", "list").Limits.LimitsFile.LimitsFile,
	} {
		if file != "/etc/kursapp/limits.toml" {
			t.Errorf("%s reads %q", name, file)
		}
	}
	if l := parse(t, "limits", "show", "--limits-file=x.toml", "login-account", "max@example.com", "--json").Limits; l.LimitsFile.LimitsFile != "x.toml" ||
		l.Show.Rule != "login-account" || l.Show.Subject != "max@example.com" || !l.Show.JSON {
		t.Errorf("%+v", l)
	}
}
