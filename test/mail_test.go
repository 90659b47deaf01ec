package test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/speedlayer/speedlayer/internal/redistest"
	"github.com/speedlayer/speedlayer/test/internal/mailtest"
)

// mailServer is an SMTP server on loopback that keeps what it gets.
type mailServer struct {
	*mailtest.Server
	addr string
}

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	server := mailtest.Start(t)
	return &mailServer{server, server.Addr()}
}

func (m *mailServer) wait(t *testing.T, address string) string {
	t.Helper()
	var mail string
	eventually(t, startTimeout, func() error {
		mails := m.To(address)
		if len(mails) == 0 {
			return fmt.Errorf("no mail to %s", address)
		}
		mail = mails[0]
		return nil
	})
	return mail
}

// waitFor returns the first mail to an address that holds text.
func (m *mailServer) waitFor(t *testing.T, address, text string) (mail string) {
	t.Helper()
	eventually(t, startTimeout, func() error {
		for _, mail = range m.To(address) {
			if strings.Contains(mail, text) {
				return nil
			}
		}
		return fmt.Errorf("no mail to %s says %q", address, text)
	})
	return mail
}

// findToken finds a one-time token in a mail's text: 26 letters and digits in base32.
func findToken(mail string) string {
	_, text, _ := strings.Cut(strings.ReplaceAll(mail, "\r\n", "\n"), "\n\n")
	return regexp.MustCompile(`\b[A-Z2-7]{26}\b`).FindString(text)
}

func TestMailPushedWithLPUSHIsDelivered(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	mails := newMailServer(t)
	start(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr), "serve")
	prod.redis.CLI(t, "LPUSH", "email_queue", `{"to":"max@example.com","subject":"Willkommen!","body":"Grüße aus dem Kurs"}`)
	if mail := mails.wait(t, "max@example.com"); !strings.Contains(mail, "Grüße aus dem Kurs") {
		t.Errorf("the mail lost its text:\n%s", mail)
	}
}

func TestMailTasksWaitWithoutAMailServer(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	without := start(t, prod.env, "serve")
	r := without.request(t, "POST", "/users", `{"name":"Zoe","email":"zoe@example.com","password":"correct horse"}`)
	if r.status != 201 {
		t.Fatalf("register: %d %s", r.status, r.body)
	}
	without.wantLog(t, "SMTP_URL is not set")
	eventually(t, startTimeout, func() error {
		if n := queueLength(t, prod.redis); n != 1 {
			return fmt.Errorf("%d tasks wait in email_queue, want 1", n)
		}
		return nil
	})
	if code := without.stop(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	mails := newMailServer(t)
	launch(t, append(prod.env, "SMTP_URL=smtp://"+mails.addr), "worker")
	mails.wait(t, "zoe@example.com")
}

func TestKilledWorkersLoseNoMail(t *testing.T) {
	t.Parallel()
	prod := newProduction(t)
	mails := newMailServer(t)
	t.Cleanup(func() { mails.Accept(0) }) // lets the deliveries of the dead end
	const count = 24
	for i := range count {
		prod.redis.CLI(t, "LPUSH", "email_queue", fmt.Sprintf(`{"to":"user%d@example.com","subject":"Hallo","body":"%d"}`, i, i))
	}
	env := append(prod.env, "SMTP_URL=smtp://"+mails.addr)
	for round := range 3 {
		limit := 2 * (round + 1)
		mails.Accept(limit)
		worker := launch(t, env, "worker")
		eventually(t, startTimeout, func() error {
			if mails.Count() < limit {
				return fmt.Errorf("the worker has sent nothing yet")
			}
			return nil
		})
		worker.kill() // with mails in flight
	}
	mails.Accept(0)
	launch(t, env, "worker")
	eventually(t, 2*time.Minute, func() error {
		for i := range count {
			if address := fmt.Sprintf("user%d@example.com", i); len(mails.To(address)) == 0 {
				return fmt.Errorf("no mail to %s", address)
			}
		}
		return nil
	})
}

// queueLength is the number of tasks that wait in the course's list.
func queueLength(t *testing.T, redis *redistest.Server) (n int64) {
	t.Helper()
	client := redis.Client(t)
	for _, r := range client.DoMulti(t.Context(),
		client.B().Llen().Key("email_queue").Build(),
		client.B().Xlen().Key("{email_queue}:tasks").Build(),
	) {
		waiting, err := r.AsInt64()
		if err != nil {
			t.Fatal(err)
		}
		n += waiting
	}
	return n
}
