package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/kursapp/internal/kurs"
	"github.com/speedlayer/speedlayer/queue"
)

var _ jobs.Accounts = (*kurs.Accounts)(nil)

// outbox is a Sender that keeps the mails and fails as told.
type outbox struct {
	mu    sync.Mutex
	mails []jobs.Mail
	fail  []error // for the next mails
}

func (o *outbox) Send(_ context.Context, m jobs.Mail) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails = append(o.mails, m)
	if len(o.fail) == 0 {
		return nil
	}
	err := o.fail[0]
	o.fail = o.fail[1:]
	return err
}

func (o *outbox) all() []jobs.Mail {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.mails)
}

func TestPushedTaskBecomesAMail(t *testing.T) {
	t.Parallel()
	s, q := startSink(t, nil, false, nil), newQueue(t)
	seen := work(t, q, jobs.MailHandler(newSMTP(t, "smtp://"+s.addr)), queue.WorkerOptions{})
	redistest.Shared(t).CLI(t, "LPUSH", q.Name(), `{"to":"max@example.com","subject":"Willkommen!","body":"Hallo Max","priority":1}`)
	eventually(t, "delivery", func() bool { return seen.count(queue.EventDone) == 1 })
	mails := s.received()
	if len(mails) != 1 || mails[0].to != "max@example.com" || mails[0].message.Header.Get("Subject") != "Willkommen!" {
		t.Errorf("received %+v", mails)
	}
}

func TestTemporaryRefusalIsTriedAgainWithTheSameMessageID(t *testing.T) {
	t.Parallel()
	s, q := startSink(t, nil, false, func(s *sink) { s.onData = refuse(2, 451) }), newQueue(t)
	sent := &recorder{Sender: newSMTP(t, "smtp://"+s.addr)}
	seen := work(t, q, jobs.MailHandler(sent), queue.WorkerOptions{})
	if err := q.Enqueue(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	eventually(t, "delivery", func() bool { return seen.count(queue.EventDone) == 1 })
	if n := seen.count(queue.EventFailed); n != 2 {
		t.Errorf("%d failures, want 2", n)
	}
	ids := sent.ids()
	if len(ids) != 3 || ids[0] != ids[1] || ids[1] != ids[2] || !strings.HasSuffix(ids[0], ".email_queue") {
		t.Errorf("ids %v, want the same three times", ids)
	}
	if mails := s.received(); len(mails) != 1 || mails[0].message.Header.Get("Message-Id") != "<"+ids[0]+"@example.com>" {
		t.Errorf("received %+v, want one mail", mails)
	}
}

// recorder remembers what went through it.
type recorder struct {
	jobs.Sender
	outbox
}

func (r *recorder) Send(ctx context.Context, m jobs.Mail) error {
	_ = r.outbox.Send(ctx, m)
	return r.Sender.Send(ctx, m)
}

func (r *recorder) ids() (ids []string) {
	for _, m := range r.all() {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestPermanentRefusalIsADeadLetterAtOnce(t *testing.T) {
	t.Parallel()
	s, q := startSink(t, nil, false, func(s *sink) { s.onRcpt = refuse(always, 550) }), newQueue(t)
	var log buffer
	seen := work(t, q, jobs.MailHandler(newSMTP(t, "smtp://"+s.addr)), queue.WorkerOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err := q.Enqueue(t.Context(), jobs.Mail{To: "max@example.com", Subject: "s", Body: "secret of the body"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "death", func() bool { return seen.count(queue.EventDead) == 1 })
	page, err := q.List(t.Context(), queue.StateDead, "", 10)
	dead := page.Tasks
	if err != nil || len(dead) != 1 || dead[0].Attempts != 1 || !strings.Contains(dead[0].Error, "550") {
		t.Errorf("Dead = %+v, %v, want one after one attempt, with the reply", dead, err)
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log holds the body:\n%s", log.String())
	}
}

func TestTasksThatAreNoMailsDieWithoutAQuotation(t *testing.T) {
	t.Parallel()
	q, sent := newQueue(t), &outbox{}
	payloads := []string{
		`"secret"`, `["secret"]`, `null`, `{}`, `{"to":["secret"],"subject":"s","body":"b"}`,
		`{"to":"max@example.com","subject":"s\r\nBcc: secret","body":"b"}`,
		`{"to":"secret","subject":"s","body":"b"}`, `{"to":"max@example.com","body":"secret"}`,
	}
	seen := work(t, q, jobs.MailHandler(sent), queue.WorkerOptions{})
	for _, p := range payloads {
		redistest.Shared(t).CLI(t, "LPUSH", q.Name(), p)
	}
	eventually(t, "deaths", func() bool { return seen.count(queue.EventDead) == len(payloads) })
	page, err := q.List(t.Context(), queue.StateDead, "", 100)
	dead := page.Tasks
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dead {
		if !strings.HasPrefix(d.Error, "jobs: not a valid mail: ") || strings.Contains(d.Error, "secret") {
			t.Errorf("%s died of %q", d.Payload, d.Error)
		}
	}
	if len(sent.all()) != 0 {
		t.Errorf("sent %+v", sent.all())
	}
}

func TestWelcomeGreetsByNameInGerman(t *testing.T) {
	t.Parallel()
	q, sent := newQueue(t), &outbox{}
	task := jobs.WelcomeTask("Zoë <b>", "zoe@example.com")
	if task.Queue != "email_queue" || task.Type != "" || !task.Durable {
		t.Errorf("task %+v", task)
	}
	if err := q.Enqueue(t.Context(), task.Payload); err != nil {
		t.Fatal(err)
	}
	seen := work(t, q, jobs.MailHandler(sent), queue.WorkerOptions{})
	eventually(t, "delivery", func() bool { return seen.count(queue.EventDone) == 1 })
	m := sent.all()[0]
	if m.To != "zoe@example.com" || m.Subject != "Willkommen!" || !strings.HasPrefix(m.Body, "Hallo Zoë <b>,\n") {
		t.Errorf("mail %+v", m)
	}
}

// changes are Accounts that hands out the tokens secret-1, secret-2 …
type changes struct {
	mu      sync.Mutex
	begun   []kurs.EmailChange
	version int64   // of the last one
	fail    []error // for the next calls
}

func (c *changes) BeginEmailChange(_ context.Context, userID int64, newEmail string, version int64) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.fail) > 0 {
		err := c.fail[0]
		c.fail = c.fail[1:]
		return "", err
	}
	c.begun, c.version = append(c.begun, kurs.EmailChange{UserID: userID, NewEmail: newEmail}), version
	return "secret-" + string(rune('0'+len(c.begun))), nil
}

func (c *changes) BeginPasswordReset(ctx context.Context, userID int64) (kurs.User, string, error) {
	token, err := c.BeginEmailChange(ctx, userID, "", 0)
	return kurs.User{ID: userID, Name: "Zoë", Email: "zoe@example.com"}, token, err
}

func TestMailForAForgottenPasswordCarriesTheOnlyCopyOfTheToken(t *testing.T) {
	t.Parallel()
	q, sent, begun := newQueue(t), &outbox{fail: []error{errors.New("451 later")}}, &changes{}
	task := jobs.PasswordResetTask(42)
	if task.Queue != "account_mail" || task.Type != "" || !task.Durable {
		t.Errorf("task %+v", task)
	}
	if err := q.Enqueue(t.Context(), task.Payload); err != nil {
		t.Fatal(err)
	}
	const payload = `{"kind":"reset_password","user_id":42}`
	if page, err := q.List(t.Context(), queue.StateWaiting, "", 10); err != nil || len(page.Tasks) != 1 || string(page.Tasks[0].Payload) != payload {
		t.Errorf("tasks %+v (%v), want %s", page.Tasks, err, payload)
	}
	var log buffer
	seen := work(t, q, jobs.AccountMailHandler(sent, begun, "https://kurs.example.com/"), queue.WorkerOptions{
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	eventually(t, "delivery", func() bool { return seen.count(queue.EventDone) == 1 })
	mails := sent.all()
	if len(mails) != 2 || mails[0].ID != mails[1].ID || mails[0].ID == "" {
		t.Fatalf("mails %+v, want two attempts with one id", mails)
	}
	if m := mails[1]; m.To != "zoe@example.com" || m.Subject != "Passwort vergessen?" || !strings.HasPrefix(m.Body, "Hallo Zoë,\n") ||
		!strings.Contains(m.Body, "\nsecret-2\n") || strings.Contains(m.Body, "secret-1") ||
		!strings.Contains(m.Body, "\nhttps://kurs.example.com/password-reset#code=secret-2\n") || !strings.Contains(m.Body, "30 Minuten") {
		t.Errorf("mail %+v", m)
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log holds a token:\n%s", log.String())
	}
}

func TestMailForAForgottenPasswordOfNobodyIsNone(t *testing.T) {
	t.Parallel()
	q, sent := newQueue(t), &outbox{}
	begun := &changes{fail: []error{kurs.ErrUserNotFound}}
	seen := work(t, q, jobs.AccountMailHandler(sent, begun, "http://x"), queue.WorkerOptions{})
	for _, id := range []int64{0, 42} { // an address without an account; a user who was deleted meanwhile
		if err := q.Enqueue(t.Context(), jobs.PasswordResetTask(id).Payload); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "ends", func() bool { return seen.count(queue.EventDone) == 2 })
	if len(sent.all()) != 0 || len(begun.begun) != 0 || len(begun.fail) != 0 {
		t.Errorf("sent %+v, begun %+v", sent.all(), begun.begun)
	}
}

func TestNoticeOfANewPassword(t *testing.T) {
	t.Parallel()
	task := jobs.PasswordChangedTask("Zoë", "zoe@example.com")
	m, ok := task.Payload.(jobs.Mail)
	if task.Queue != "email_queue" || !task.Durable || !ok || m.To != "zoe@example.com" || m.Subject != "Dein Passwort wurde geändert" ||
		!strings.HasPrefix(m.Body, "Hallo Zoë,\n") || m.Validate() != nil {
		t.Errorf("task %+v", task)
	}
}

func TestNoticeOfANewAddress(t *testing.T) {
	t.Parallel()
	task := jobs.EmailChangedTask("Zoë", "old@example.com")
	m, ok := task.Payload.(jobs.Mail)
	if task.Queue != "email_queue" || task.Type != "" || !task.Durable || !ok || m.To != "old@example.com" ||
		m.Subject != "Deine E-Mail-Adresse wurde geändert" || !strings.HasPrefix(m.Body, "Hallo Zoë,\n") || m.Validate() != nil {
		t.Errorf("task %+v", task)
	}
	// What helps, and not what would go to the new address.
	for _, want := range []string{"melde dich sofort bei uns", "ändere außerdem gleich dein Passwort"} {
		if !strings.Contains(m.Body, want) {
			t.Errorf("no %q in %s", want, m.Body)
		}
	}
	for _, never := range []string{"http", "Code", "Passwort vergessen", "@"} {
		if strings.Contains(m.Body, never) {
			t.Errorf("%q in %s", never, m.Body)
		}
	}
}

func TestConfirmationMailCarriesTheOnlyCopyOfTheToken(t *testing.T) {
	t.Parallel()
	q, sent, begun := newQueue(t), &outbox{fail: []error{errors.New("451 later")}}, &changes{}
	if err := jobs.NewConfirmations(q).RequestConfirmation(t.Context(), 42, "neu@example.com", 7); err != nil {
		t.Fatal(err)
	}
	const task = `{"kind":"confirm_email","user_id":42,"new_email":"neu@example.com","version":7}`
	if page, err := q.List(t.Context(), queue.StateWaiting, "", 10); err != nil || len(page.Tasks) != 1 || string(page.Tasks[0].Payload) != task {
		t.Errorf("tasks %+v (%v), want %s", page.Tasks, err, task)
	}
	var log buffer
	seen := work(t, q, jobs.AccountMailHandler(sent, begun, "https://kurs.example.com/"), queue.WorkerOptions{
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	eventually(t, "delivery", func() bool { return seen.count(queue.EventDone) == 1 })
	mails := sent.all()
	if len(mails) != 2 || mails[0].ID != mails[1].ID || mails[0].ID == "" {
		t.Fatalf("mails %+v, want two attempts with one id", mails)
	}
	m := mails[1]
	if m.To != "neu@example.com" || m.Subject != "Bitte bestätige deine neue E-Mail-Adresse" ||
		!strings.Contains(m.Body, "\nhttps://kurs.example.com/email-confirmation#code=secret-2\n") || !strings.Contains(m.Body, "\nsecret-2\n") ||
		!strings.Contains(m.Body, "24 Stunden") {
		t.Errorf("mail %+v", m)
	}
	if !slices.Equal(begun.begun, []kurs.EmailChange{{UserID: 42, NewEmail: "neu@example.com"}, {UserID: 42, NewEmail: "neu@example.com"}}) {
		t.Errorf("begun %+v", begun.begun)
	}
	if begun.version != 7 {
		t.Errorf("version %d, want 7", begun.version)
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log holds a token:\n%s", log.String())
	}
}

func TestConfirmationThatNobodyWaitsForIsForgotten(t *testing.T) {
	t.Parallel()
	q, sent := newQueue(t), &outbox{}
	fail := []error{kurs.ErrUserNotFound, kurs.ErrConfirmationFailed}
	seen := work(t, q, jobs.AccountMailHandler(sent, &changes{fail: fail}, "http://x"), queue.WorkerOptions{})
	for range fail {
		if err := jobs.NewConfirmations(q).RequestConfirmation(t.Context(), 42, "neu@example.com", 7); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "end", func() bool { return seen.count(queue.EventDone) == len(fail) })
	if len(sent.all()) != 0 {
		t.Errorf("sent %+v", sent.all())
	}
}

func TestConfirmationWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	q, sent := newQueue(t), &outbox{}
	seen := work(t, q, jobs.AccountMailHandler(sent, &changes{fail: []error{kurs.ErrUnavailable}}, "http://x"), queue.WorkerOptions{})
	if err := jobs.NewConfirmations(q).RequestConfirmation(t.Context(), 42, "neu@example.com", 7); err != nil {
		t.Fatal(err)
	}
	eventually(t, "postponement", func() bool { return seen.count(queue.EventPostponed) == 1 })
	eventually(t, "delivery", func() bool { return seen.count(queue.EventDone) == 1 })
	if n := seen.count(queue.EventFailed); n != 0 || len(sent.all()) != 1 {
		t.Errorf("%d failures and %d mails, want none and one", n, len(sent.all()))
	}
}

func TestAccountMailTasksThatNobodyUnderstandsDie(t *testing.T) {
	t.Parallel()
	q, sent, begun := newQueue(t), &outbox{}, &changes{}
	payloads := []string{
		`[]`, `{}`, `{"kind":"other"}`, `{"kind":"confirm_email","user_id":"1","new_email":"a@example.com"}`,
		`{"kind":"confirm_email","user_id":1,"new_email":"a@example.com\r\nBcc: b@example.com"}`,
	}
	seen := work(t, q, jobs.AccountMailHandler(sent, begun, "http://x"), queue.WorkerOptions{})
	for _, p := range payloads {
		redistest.Shared(t).CLI(t, "LPUSH", q.Name(), p)
	}
	eventually(t, "deaths", func() bool { return seen.count(queue.EventDead) == len(payloads) })
	if len(sent.all()) != 0 || len(begun.begun) != 0 {
		t.Errorf("sent %+v, begun %+v", sent.all(), begun.begun)
	}
}
