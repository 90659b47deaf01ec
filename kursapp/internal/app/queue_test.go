package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/config"
	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/queue"
)

// shell runs the commands about the queues of one Redis.
type shell struct {
	server *redistest.Server
	mails  *queue.Queue
}

// newShell returns the shell of a Redis that kursapp has used.
func newShell(t *testing.T) *shell {
	t.Helper()
	server := redistest.Start(t)
	client := server.Client(t)
	if err := markRedis(ModeProduction)(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	o := jobs.QueueOptions()
	o.RedisTimeout = shellTimeout
	return &shell{server, queue.New(client, jobs.MailQueue, o)}
}

func (s *shell) run(t *testing.T, args string) (stdout, stderr string, err error) {
	t.Helper()
	return s.exec(t, strings.Fields(args)...)
}

func (s *shell) exec(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	args = append([]string{"queue", "--redis-url=" + s.server.URL()}, args...)
	var out, errs bytes.Buffer
	cfg, err := config.Parse(args, &out, &errs)
	if err == nil {
		err = run(t.Context(), cfg, streams{strings.NewReader(""), &out, &errs})
	}
	return out.String(), errs.String(), err
}

func (s *shell) must(t *testing.T, args string) string {
	t.Helper()
	out, _, err := s.run(t, args)
	if err != nil {
		t.Fatalf("kursapp queue %s: %v", args, err)
	}
	return out
}

// die makes dead letters of these tasks, and of all that wait or are to be retried.
func (s *shell) die(t *testing.T, tasks ...queue.NewTask) {
	t.Helper()
	for len(tasks) > 0 {
		n := min(len(tasks), 1000)
		if _, err := s.mails.Add(t.Context(), tasks[:n]...); err != nil {
			t.Fatal(err)
		}
		tasks = tasks[n:]
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- queue.NewWorker(s.mails, func(_ context.Context, task queue.Task) error {
			return queue.Permanent(fmt.Errorf("550 no such user: %s\nsecond line\x1b[2J", task.ID))
		}, queue.WorkerOptions{Concurrency: 100}).Run(ctx)
	}()
	s.until(t, func(n queue.Stats) bool { return n.Waiting+n.Running+n.Retrying == 0 })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func (s *shell) until(t *testing.T, ok func(queue.Stats) bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		n, err := s.mails.Stats(t.Context())
		if err == nil && ok(n) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%+v, %v", n, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *shell) stats(t *testing.T) queue.Stats {
	t.Helper()
	n, err := s.mails.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func task(id string) queue.NewTask {
	return queue.NewTask{ID: id, Payload: jobs.Mail{To: "max@example.com", Subject: "s", Body: "secret"}}
}

func TestQueueStatsCountsBothQueuesOrOne(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.die(t, task("dead"))
	if _, err := s.mails.Add(t.Context(), task("1"), task("2"), queue.NewTask{ID: "3", Delay: time.Hour, Payload: 1}); err != nil {
		t.Fatal(err)
	}
	s.must(t, "pause email_queue")
	lines := strings.Split(strings.TrimSpace(s.must(t, "stats")), "\n")
	if len(lines) != 3 {
		t.Fatalf("%q", lines)
	}
	head, mails, others := strings.Fields(lines[0]), strings.Fields(lines[1]), strings.Fields(lines[2])
	got := map[string]string{}
	for i, name := range head {
		got[name] = mails[i]
	}
	for name, want := range map[string]string{
		"QUEUE": "email_queue", "WAITING": "2", "RUNNING": "0", "SCHEDULED": "1", "RETRYING": "0", "DEAD": "1",
		"PAUSED": "yes", "PROCESSED": "0", "FAILED": "1", "DIED": "1", "WORKERS": "0",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if wait, err := time.ParseDuration(got["LATENCY"]); err != nil || wait <= 0 {
		t.Errorf("LATENCY is %q", got["LATENCY"])
	}
	if others[0] != "account_mail" || others[1] != "0" || len(others) != len(head) {
		t.Errorf("%q", others)
	}
	var all []queueStats
	if err := json.Unmarshal([]byte(s.must(t, "stats email_queue --json")), &all); err != nil || len(all) != 1 || all[0].Waiting != 2 || !all[0].Paused || all[0].Rates != nil {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestQueueRatesAreRunsPerSecond(t *testing.T) {
	t.Parallel()
	r := ratesBetween(queueStats{Processed: 100, Failed: 7, Died: 50}, queueStats{Processed: 150, Failed: 8, Died: 1}, 2*time.Second)
	if *r != (queueRates{Processed: 25, Failed: 0.5, Died: 0}) {
		t.Errorf("%+v", *r)
	}
	s := newShell(t)
	begin := time.Now()
	out := s.must(t, "stats account_mail --rates")
	if took := time.Since(begin); !strings.Contains(out, "PROCESSED/S") || took < time.Second {
		t.Errorf("after %v:\n%s", took, out)
	}
}

func TestQueueListShowsOneTaskALineWithoutItsPayload(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.die(t, task("plain"), task("two words"), queue.NewTask{ID: "typed", Type: "a\tb", Payload: []byte(`"secret"`)})
	out, errs, err := s.run(t, "list email_queue")
	if err != nil || errs != "" {
		t.Fatalf("%v, %s", err, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 4 || strings.Join(strings.Fields(lines[0]), " ") != "ID TYPE STATE ATTEMPTS AGE ERROR" {
		t.Fatalf("%s", out)
	}
	if strings.Contains(out, "secret") || strings.Contains(out, "\x1b") {
		t.Errorf("a payload or a control character is shown:\n%q", out)
	}
	for _, want := range []string{`"two words"  -     dead`, "typed        a b   dead", "550 no such user: plain second line"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if out := s.must(t, "list email_queue --payload"); strings.Count(out, `"body":"secret"`) != 2 {
		t.Errorf("with --payload:\n%s", out)
	}
	for _, flag := range []string{"", " --payload"} {
		var page struct{ Tasks []listedTask }
		out := s.must(t, "list email_queue --json"+flag)
		if err := json.Unmarshal([]byte(out), &page); err != nil || len(page.Tasks) != 3 {
			t.Fatalf("%v:\n%s", err, out)
		}
		for _, l := range page.Tasks {
			if l.State != "dead" || l.Attempts != 1 || l.CreatedAt.IsZero() || l.DiedAt.IsZero() || l.Size < 8 || !strings.HasPrefix(l.Error, "550 ") {
				t.Errorf("%+v", l)
			}
			if (len(l.Payload) > 0) != (flag != "") {
				t.Errorf("with %q the payload is %s", flag, l.Payload)
			}
		}
	}
	if out, errs, err := s.run(t, "list email_queue --state running"); err != nil || !strings.Contains(errs, "No task in email_queue is running") {
		t.Errorf("an empty list: %v, %s%s", err, out, errs)
	}
}

func TestQueueListGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	var tasks []queue.NewTask
	for i := range 7 {
		tasks = append(tasks, task(strconv.Itoa(i)))
	}
	if _, err := s.mails.Add(t.Context(), tasks...); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for args := []string{"list", "email_queue", "--state", "waiting", "--limit", "3"}; args != nil; {
		out, errs, err := s.exec(t, args...)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(out), "\n")[1:] {
			ids = append(ids, strings.Fields(line)[0])
		}
		args = nil
		if _, more, ok := strings.Cut(errs, "There may be more: kursapp queue "); ok {
			args = strings.Fields(more)
		}
	}
	if got := strings.Join(ids, " "); got != "0 1 2 3 4 5 6" {
		t.Errorf("ids %s", got)
	}
	if _, _, err := s.run(t, "list email_queue --cursor x"); !config.IsUsage(err) || !strings.Contains(err.Error(), "--cursor") {
		t.Errorf("a cursor of nobody: %v", err)
	}
}

func TestQueueRetryAndDeleteNameWhatThereIsNot(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.die(t, task("a"), task("b"), task("two words\n\xff"), task("d"))
	out, _, err := s.exec(t, "retry", "email_queue", "a", "nobody", showID("two words\n\xff"))
	if !errors.Is(err, errTasks) || config.IsUsage(err) || !strings.Contains(err.Error(), ": nobody.") || out != "2 tasks of email_queue set to run now.\n" {
		t.Errorf("retry: %v, %s", err, out)
	}
	if out := s.must(t, "delete email_queue b"); out != "1 task of email_queue deleted.\n" {
		t.Errorf("delete: %s", out)
	}
	if out, _, err := s.run(t, "delete email_queue b"); !errors.Is(err, errTasks) || out != "" {
		t.Errorf("delete once more: %v, %s", err, out)
	}
	if n := s.stats(t); n.Dead != 1 || n.Retrying != 2 {
		t.Errorf("%+v, want one dead and two to be retried", n)
	}
}

// There are more dead letters than a page holds, and some that cannot run.
func TestQueueRetryAllDead(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	const count = 2*deadPage + 17
	var tasks []queue.NewTask
	for i := range count {
		tasks = append(tasks, task(strconv.Itoa(i)))
	}
	s.server.CLI(t, "LPUSH", jobs.MailQueue, `"`+strings.Repeat("x", 1<<20)+`"`) // too large for a task
	s.die(t, tasks...)
	if n := s.stats(t); n.Dead != count+1 {
		t.Fatalf("%+v", n)
	}
	out, _, err := s.run(t, "retry email_queue --all-dead")
	if !errors.Is(err, errTasks) || !strings.Contains(err.Error(), "kursapp queue delete") || out != "217 tasks of email_queue set to run now.\n" {
		t.Errorf("%v, %s", err, out)
	}
	if n := s.stats(t); n.Dead != 1 || n.Retrying != count {
		t.Errorf("%+v, want one dead and %d to be retried", n, count)
	}
	s.die(t) // all of them once more
	if out := s.must(t, "delete email_queue --all-dead"); out != "218 tasks of email_queue deleted.\n" {
		t.Error(out)
	}
	if out := s.must(t, "delete email_queue --all-dead"); out != "0 tasks of email_queue deleted.\n" {
		t.Error(out)
	}
	if n := s.stats(t); n.Dead != 0 {
		t.Errorf("%+v", n)
	}
}

// Tasks that die as fast as they are retried must not keep the command for ever.
func TestQueueRetryAllDeadEndsWhileTheyDieAgain(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.die(t, task("a"), task("b"), task("c"))
	all := deadLetters{tasks: s.mails, seen: map[string]bool{}}
	if ids, err := all.next(t.Context()); err != nil || len(ids) != 3 {
		t.Fatalf("%v, %v", ids, err)
	}
	if n, err := s.mails.Retry(t.Context(), "a", "b", "c"); err != nil || n != 3 {
		t.Fatal(n, err)
	}
	s.die(t, task("new"))
	if ids, err := all.next(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("%v, %v, want none", ids, err)
	}
	if n := s.stats(t); n.Dead != 4 {
		t.Errorf("%+v", n)
	}
}

func TestQueuePauseAndResume(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	if out := s.must(t, "pause email_queue"); !strings.Contains(out, "kursapp queue resume email_queue") || !s.stats(t).Paused {
		t.Errorf("after a pause: %s", out)
	}
	if s.must(t, "resume email_queue"); s.stats(t).Paused {
		t.Error("paused after resume")
	}
}

func TestQueueCommandsRefuseWhatTheyCannotDo(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, args := range []string{"stats", "list", "pause", "resume", "retry 1", "delete 1"} {
		command, rest, _ := strings.Cut(args, " ")
		_, _, err := s.run(t, command+" emails "+rest)
		if !config.IsUsage(err) || !strings.Contains(err.Error(), `"emails"`) || !strings.Contains(err.Error(), "email_queue, account_mail") {
			t.Errorf("%s of an unknown queue: %v", command, err)
		}
	}
	s.server.CLI(t, "DEL", markKey)
	if _, _, err := s.run(t, "pause email_queue"); !config.IsUsage(err) || !strings.Contains(err.Error(), "REDIS_URL") {
		t.Errorf("pause in somebody else's Redis: %v", err)
	}
	if keys := s.server.CLI(t, "DBSIZE"); keys != "0" {
		t.Errorf("DBSIZE %s, want nothing written", keys)
	}
	if _, errs, err := s.run(t, "stats"); err != nil || !strings.Contains(errs, "REDIS_URL") {
		t.Errorf("stats of somebody else's Redis: %v, %s", err, errs)
	}
	s.server.Kill(t)
	if _, _, err := s.run(t, "stats"); err == nil || config.IsUsage(err) || !strings.Contains(err.Error(), "REDIS_URL") || !strings.Contains(err.Error(), s.server.Addr()) {
		t.Errorf("without Redis: %v", err)
	}
}

func TestQueueCommandsDoNotWaitForAFrozenRedis(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.server.Freeze(t)
	begin := time.Now()
	_, _, err := s.run(t, "stats")
	if took := time.Since(begin); err == nil || took > 30*time.Second || !strings.Contains(err.Error(), "REDIS_URL") {
		t.Errorf("%v after %v", err, took)
	}
	s.server.Thaw(t)
}

func TestIDsCanBePassedBack(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"outbox-12-1732512345678901", "a b", `"quoted"`, "\x00\xff", "", "-x", "ä", "\n", "👋", `\`, "\u2028"} {
		shown := showID(id)
		if got := parseID(shown); got != id || strings.ContainsAny(shown, "\n\t") {
			t.Errorf("%q is shown as %s, which is read as %q", id, shown, got)
		}
	}
}
