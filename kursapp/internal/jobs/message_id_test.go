package jobs_test

import (
	netmail "net/mail"
	"regexp"
	"strings"
	"testing"

	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/queue"
)

// dotAtom is what RFC 5322 allows before the @ of a Message-ID.
var dotAtom = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")

// messageID is the id that a mail of a task gets.
func messageID(t *testing.T, taskID string) string {
	t.Helper()
	sent := &outbox{}
	err := jobs.MailHandler(sent)(t.Context(), queue.Task{ID: taskID, Payload: []byte(`{"to":"max@example.com","subject":"s","body":"b"}`)})
	if err != nil {
		t.Fatalf("task %q: %v", taskID, err)
	}
	return sent.all()[0].ID
}

func TestIDsOfQueueAndOutboxStayReadable(t *testing.T) {
	t.Parallel()
	for task, want := range map[string]string{
		"outbox-12-1732512345678901":  "outbox-12-1732512345678901.email_queue",
		"1732512345678-17":            "1732512345678-17.email_queue",
		"JBSWY3DPEHPK3PXPJBSWY3DPEH":  "JBSWY3DPEHPK3PXPJBSWY3DPEH.email_queue",
		"welcome.7":                   "welcome.7.email_queue",
		"two words":                   "sha256-a03f1d611645eb53ad16c1af546ca079.email_queue",
		strings.Repeat("long", 1<<20): "sha256-6d5643c9a6325c728ea663e1a44887d6.email_queue",
	} {
		if got := messageID(t, task); got != want {
			t.Errorf("task %.40q: id %q, want %q", task, got, want)
		}
	}
}

func TestAnyTaskHasAMessageIDOfItsOwn(t *testing.T) {
	t.Parallel()
	tasks := []string{
		"1", "1 ", " 1", "1\r\nBcc: eve@example.com", "1\x00", "a@b", "<a>", "a>", "(a)", `"a"`, `a\b`, "a,b", "a;b", "a:b", "[a]",
		".a", "a.", "a..b", ".", "ä", "\xff\xfe", "👋", "a\tb", "\u2028", "\x7f",
		strings.Repeat("a", 512), strings.Repeat("a", 511), strings.Repeat("\xff", 512),
	}
	tasks = append(tasks, strings.TrimSuffix(messageID(t, "a@b"), ".email_queue")) // it looks like another one's
	by := map[string]string{}
	for _, task := range tasks {
		id := messageID(t, task)
		if !dotAtom.MatchString(id) || len(id) > 64 || !strings.HasSuffix(id, ".email_queue") {
			t.Errorf("task %q: %q is no first part of a Message-ID", task, id)
		}
		if other, taken := by[id]; taken {
			t.Errorf("tasks %q and %q have the same id %q", task, other, id)
		}
		if again := messageID(t, task); again != id {
			t.Errorf("task %q: id %q and then %q", task, id, again)
		}
		by[id] = task
	}
}

func FuzzMessageID(f *testing.F) {
	for _, seed := range []string{"outbox-12-1732512345678901", "", "\r\n", "a@b>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, task string) {
		if id := messageID(t, task); !dotAtom.MatchString(id) || len(id) > 64 {
			t.Errorf("task %q: %q", task, id)
		}
	})
}

func TestMessageIDOfAStrangeTaskArrives(t *testing.T) {
	t.Parallel()
	s := startSink(t, nil, false, nil)
	handler := jobs.MailHandler(newSMTP(t, "smtp://"+s.addr))
	task := queue.Task{ID: "x>\r\nBcc: eve@example.com", Payload: []byte(`{"to":"max@example.com","subject":"s","body":"b"}`)}
	for range 2 {
		if err := handler(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}
	mails := s.received()
	if len(mails) != 2 {
		t.Fatalf("%d mails arrived, want 2", len(mails))
	}
	ids := regexp.MustCompile(`^<sha256-[0-9a-f]{32}\.email_queue@example\.com>$`)
	first, second := mails[0].message.Header, mails[1].message.Header
	if id := first.Get("Message-Id"); !ids.MatchString(id) || id != second.Get("Message-Id") {
		t.Errorf("Message-IDs %q and %q", id, second.Get("Message-Id"))
	}
	for _, h := range []netmail.Header{first, second} {
		if h.Get("Bcc") != "" {
			t.Errorf("the id became a header field: %v", h)
		}
	}
}
