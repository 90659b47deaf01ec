package test

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/test/internal/mailtest"
)

// queueCounts is what `queue stats --json` says of email_queue.
type queueCounts struct {
	Queue                                             string
	Waiting, Running, Retrying, Dead, Processed, Died int64
	Workers                                           int
	Paused                                            bool
	PerSecond                                         *struct{ Processed float64 } `json:"per_second"`
}

func (p production) queueStats(t *testing.T, flags ...string) queueCounts {
	t.Helper()
	out := p.queue(t, append([]string{"stats", "email_queue", "--json"}, flags...)...)
	var all []queueCounts
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 1 || all[0].Queue != "email_queue" {
		t.Fatalf("%v in\n%s", err, out)
	}
	return all[0]
}

// queue returns what a command about queues prints, without its remarks.
func (p production) queue(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append([]string{"queue"}, args...)...)
	cmd.Env = p.redisOnly()
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kursapp queue %s: %v\n%s%s", strings.Join(args, " "), err, out, &errs)
	}
	return string(out)
}

// redisOnly is the environment of commands that need no database.
func (p production) redisOnly() []string { return []string{"REDIS_URL=" + p.redis.URL()} }

type listed struct {
	ID, State, Error string
	Attempts         int
	Payload          json.RawMessage
}

// awaitTask waits for the one task in a state.
func (p production) awaitTask(t *testing.T, state string) listed {
	t.Helper()
	var page struct{ Tasks []listed }
	eventually(t, startTimeout, func() error {
		out := p.queue(t, "list", "email_queue", "--json", "--state", state)
		if err := json.Unmarshal([]byte(out), &page); err != nil {
			return err
		}
		if len(page.Tasks) != 1 {
			return fmt.Errorf("want one task that is %s:\n%s", state, out)
		}
		return nil
	})
	return page.Tasks[0]
}

// messageIDs returns those of the mails to one address.
func (m *mailServer) messageIDs(to string) (refused, accepted []string) {
	id := regexp.MustCompile(`(?mi)^Message-ID: (<\S+@localhost>)\r?$`)
	of := func(mails []mailtest.Mail) (ids []string) {
		for _, mail := range mails {
			if mail.To == to {
				ids = append(ids, id.FindStringSubmatch(mail.Data)[1])
			}
		}
		return ids
	}
	return of(m.Refused()), of(m.Accepted())
}

// A mail server that refuses a mail for good, and a person who repairs that.
func TestDeadLetterIsRetriedFromTheShell(t *testing.T) {
	t.Parallel()
	prod, mails := newProduction(t), newMailServer(t)
	mails.Answer(550)
	p := start(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr, "KURSAPP_METRICS_ADDR=127.0.0.1:0"), "serve")
	if r := p.request(t, "POST", "/users", `{"name":"Zoe","email":"zoe@example.com","password":"correct horse"}`); r.status != 201 {
		t.Fatalf("register: %d %s", r.status, r.body)
	}
	dead := prod.awaitTask(t, "dead")
	if dead.Attempts != 1 || !strings.Contains(dead.Error, "550") || dead.Payload != nil {
		t.Errorf("the dead letter is %+v, want one after one attempt", dead)
	}
	body := metricsOf(t, p).request(t, "GET", "/metrics", "").body
	if n, err := metric(body, `kursapp_queue_tasks{queue="email_queue",state="dead"}`); n != 1 || err != nil {
		t.Errorf("the metrics count %v dead letters, %v", n, err)
	}
	env := prod.redisOnly()
	table := mustRun(t, env, "", "queue", "list", "email_queue")
	if !strings.Contains(table, dead.ID) || !strings.Contains(table, "550") || strings.Contains(table, "zoe@") || strings.Contains(table, "Zoe") {
		t.Errorf("queue list shows too little or too much:\n%s", table)
	}
	if table = mustRun(t, env, "", "queue", "list", "email_queue", "--payload"); !strings.Contains(table, "zoe@example.com") {
		t.Errorf("queue list --payload:\n%s", table)
	}

	mails.Answer(0)
	mustRun(t, env, "", "queue", "retry", "email_queue", dead.ID)
	mails.wait(t, "zoe@example.com")
	eventually(t, startTimeout, func() error {
		if n := prod.queueStats(t); n.Dead != 0 || n.Processed != 1 || n.Died != 1 || n.Workers != 1 {
			return fmt.Errorf("%+v", n)
		}
		return nil
	})
	refused, accepted := mails.messageIDs("zoe@example.com")
	if len(refused) != 1 || len(accepted) != 1 || refused[0] != accepted[0] || !strings.HasPrefix(accepted[0], "<"+dead.ID+".email_queue@") {
		t.Errorf("Message-IDs %v and then %v of task %s", refused, accepted, dead.ID)
	}
	if out, code := command(t, env, "", "queue", "retry", "email_queue", dead.ID); code != 1 || !strings.Contains(out, dead.ID) {
		t.Errorf("retry of a task that is done: exit code %d\n%s", code, out)
	}
}

func TestTemporaryRefusalIsRetriedAndCanBeHurried(t *testing.T) {
	t.Parallel()
	prod, mails := newProduction(t), newMailServer(t)
	launch(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr), "worker")
	// On a busy machine the worker may be quicker than the command: then there is
	// another mail to hurry.
	for try := range 10 {
		to := fmt.Sprintf("user%d@example.com", try)
		mails.Answer(451)
		prod.redis.CLI(t, "LPUSH", "email_queue", `{"to":"`+to+`","subject":"Hallo","body":"später"}`)
		eventually(t, startTimeout, func() error {
			if refused, _ := mails.messageIDs(to); len(refused) < 3 { // by itself
				return fmt.Errorf("refused %d times", len(refused))
			}
			return nil
		})
		task := prod.awaitTask(t, "retrying")
		if n := prod.queueStats(t); task.Attempts < 3 || !strings.Contains(task.Error, "451") || n.Dead != 0 {
			t.Errorf("%+v, %+v", task, n)
		}
		mails.Answer(0)
		out, code := command(t, prod.redisOnly(), "", "queue", "retry", "email_queue", task.ID)
		if code != 0 && (code != 1 || !strings.Contains(out, task.ID)) {
			t.Fatalf("exit code %d\n%s", code, out)
		}
		mails.wait(t, to)
		refused, accepted := mails.messageIDs(to)
		for _, id := range append(refused, accepted...) {
			if id != refused[0] {
				t.Errorf("Message-IDs %v and %v", refused, accepted)
			}
		}
		if code == 0 {
			return
		}
		eventually(t, startTimeout, func() error {
			if n := prod.queueStats(t); n.Waiting+n.Running+n.Retrying != 0 {
				return fmt.Errorf("%+v", n)
			}
			return nil
		})
	}
	t.Error("no task was hurried")
}

func TestPausedMailWaitsUntilResumed(t *testing.T) {
	t.Parallel()
	prod, mails := newProduction(t), newMailServer(t)
	launch(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr), "worker")
	push := func(to string) {
		prod.redis.CLI(t, "LPUSH", "email_queue", `{"to":"`+to+`","subject":"Hallo","body":"Hallo"}`)
	}
	push("before@example.com")
	mails.wait(t, "before@example.com") // the worker is at work
	eventually(t, startTimeout, func() error {
		if n := prod.queueStats(t); n.Processed != 1 {
			return fmt.Errorf("%+v", n)
		}
		return nil
	})
	mustRun(t, prod.redisOnly(), "", "queue", "pause", "email_queue")
	push("after@example.com")
	// The second that the rates take is long for a worker that may start a task.
	// One that had just claimed it hands it back.
	eventually(t, startTimeout, func() error {
		if n := prod.queueStats(t, "--rates"); !n.Paused || n.Waiting != 1 || n.PerSecond == nil || n.PerSecond.Processed != 0 || n.Workers != 1 {
			return fmt.Errorf("while paused: %+v", n)
		}
		return nil
	})
	if got := mails.To("after@example.com"); len(got) != 0 {
		t.Errorf("delivered while paused: %v", got)
	}
	mustRun(t, prod.redisOnly(), "", "queue", "resume", "email_queue")
	mails.wait(t, "after@example.com")
}

func TestDeletedDeadLetterNeverArrives(t *testing.T) {
	t.Parallel()
	prod, mails := newProduction(t), newMailServer(t)
	mails.Answer(554)
	launch(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr), "worker")
	for _, name := range []string{"a", "b", "c"} {
		prod.redis.CLI(t, "LPUSH", "email_queue", `{"to":"`+name+`@example.com","subject":"Hallo","body":"Hallo"}`)
	}
	eventually(t, startTimeout, func() error {
		if n := prod.queueStats(t); n.Dead != 3 {
			return fmt.Errorf("%+v", n)
		}
		return nil
	})
	mails.Answer(0)
	if out := mustRun(t, prod.redisOnly(), "", "queue", "delete", "email_queue", "--all-dead"); !strings.Contains(out, "3 tasks") {
		t.Errorf("%s", out)
	}
	prod.redis.CLI(t, "LPUSH", "email_queue", `{"to":"last@example.com","subject":"Hallo","body":"Hallo"}`)
	mails.wait(t, "last@example.com")
	if n := mails.Count(); n != 1 {
		t.Errorf("%d mails arrived, want the last one alone", n)
	}
}

func TestQueueCommandsWithoutRedisExitWithOne(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	env := []string{"REDIS_URL=redis://kurs:geheim@" + server.Addr() + "/0"}
	server.Kill(t)
	for _, args := range []string{"stats", "list email_queue", "retry email_queue 1", "delete email_queue --all-dead", "pause email_queue", "resume email_queue"} {
		out, code := command(t, env, "", append([]string{"queue"}, strings.Fields(args)...)...)
		if code != 1 || !strings.Contains(out, "REDIS_URL") || !strings.Contains(out, server.Addr()) || strings.Contains(out, "geheim") {
			t.Errorf("queue %s: exit code %d\n%s", args, code, out)
		}
	}
}
