package config_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/config"
)

func TestQueueCommandsNeedRedisAlone(t *testing.T) {
	for _, args := range []string{"queue stats", "queue list email_queue", "queue retry email_queue 1", "queue delete email_queue 1", "queue pause email_queue", "queue resume email_queue"} {
		t.Setenv("REDIS_URL", "")
		if _, err := config.Parse(strings.Fields(args), io.Discard, io.Discard); !config.IsUsage(err) || !strings.Contains(err.Error(), "REDIS_URL") {
			t.Errorf("kursapp %s: error %v, want a usage error that names REDIS_URL", args, err)
		}
		t.Setenv("REDIS_URL", "redis://h:6379")
		parse(t, strings.Fields(args)...)
	}
}

func TestQueueListBeginsWithFiftyDeadLettersAndWithoutPayloads(t *testing.T) {
	t.Setenv("REDIS_URL", "redis://h:6379")
	if l := parse(t, "queue", "list", "email_queue").Queue.List; l.State != "dead" || l.Limit != 50 || l.Payload || l.Cursor != "" || l.JSON {
		t.Errorf("by default %+v", l)
	}
	l := parse(t, "queue", "list", "account_mail", "--state=waiting", "--limit=7", "--cursor=3:1-0", "--payload", "--json").Queue.List
	if l.Queue != "account_mail" || l.State != "waiting" || l.Limit != 7 || !l.Payload || l.Cursor != "3:1-0" || !l.JSON {
		t.Errorf("%+v", l)
	}
}

func TestQueueTasksAreNamedOrAllDead(t *testing.T) {
	t.Setenv("REDIS_URL", "redis://h:6379")
	if ids := parse(t, "queue", "retry", "email_queue", "a", "b").Queue.Retry.IDs; !slices.Equal(ids, []string{"a", "b"}) {
		t.Errorf("ids %q", ids)
	}
	if ids := parse(t, "queue", "delete", "email_queue", "--", "-a").Queue.Delete.IDs; !slices.Equal(ids, []string{"-a"}) {
		t.Errorf("ids %q", ids)
	}
	if !parse(t, "queue", "retry", "email_queue", "--all-dead").Queue.Retry.AllDead {
		t.Error("--all-dead is lost")
	}
	for args, want := range map[string]string{
		"queue retry email_queue":                 "--all-dead",
		"queue delete email_queue":                "--all-dead",
		"queue delete email_queue 1 --all-dead":   "not both",
		"queue retry":                             "<queue>",
		"queue list email_queue --limit 0":        "--limit",
		"queue list email_queue --limit 1001":     "1000",
		"queue list email_queue --state finished": "--state",
	} {
		_, err := config.Parse(strings.Fields(args), io.Discard, io.Discard)
		if !config.IsUsage(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("kursapp %s: error %v, want a usage error with %q", args, err, want)
		}
	}
}
