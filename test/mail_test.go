package test

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/speedlayer/speedlayer/internal/redistest"
)

// mailServer is an SMTP server on loopback that keeps what it gets.
type mailServer struct {
	addr string

	mu    sync.Mutex
	mails []receivedMail
	// delay holds every delivery up.
	delay time.Duration
	// limit is how many mails are accepted; the others are held up, so that a worker can
	// be killed in their delivery, and refused with the next limit. 0: all are accepted.
	limit, limits int
	// refuse is the code of the reply to every mail; 0 accepts.
	refuse int
	// refused are the mails that were not accepted.
	refused []receivedMail
}

type receivedMail struct{ to, data string }

// answer sets the code of the replies from now on; 0 accepts.
func (m *mailServer) answer(code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse = code
}

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailServer{addr: listener.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{server: m}, nil }))
	server.Domain = "localhost"
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return m
}

type mailSession struct {
	server *mailServer
	to     string
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}
func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

func (s *mailSession) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	began := s.server.limits
	for due := time.Now().Add(s.server.delay); time.Now().Before(due) || s.server.full(began); {
		s.server.mu.Unlock()
		time.Sleep(10 * time.Millisecond) // a slow mail server
		s.server.mu.Lock()
	}
	if s.server.limits != began {
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 1, 1}, Message: "you are dead by now"}
	}
	if code := s.server.refuse; code != 0 {
		s.server.refused = append(s.server.refused, receivedMail{s.to, string(content)})
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "not this mail"}
	}
	s.server.mails = append(s.server.mails, receivedMail{s.to, string(content)})
	return nil
}

// full reports whether no mail more is accepted under that limit.
func (m *mailServer) full(limits int) bool {
	return m.limit > 0 && len(m.mails) >= m.limit && m.limits == limits
}

// accept sets the limit.
func (m *mailServer) accept(limit int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limit = limit
	m.limits++
}

// to returns the mails to one address, decoded.
func (m *mailServer) to(address string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []string
	for _, mail := range m.mails {
		if mail.to != address {
			continue
		}
		decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(mail.data)))
		if err != nil {
			decoded = []byte(mail.data)
		}
		found = append(found, string(decoded))
	}
	return found
}

func (m *mailServer) wait(t *testing.T, address string) string {
	t.Helper()
	var mail string
	eventually(t, startTimeout, func() error {
		mails := m.to(address)
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
		for _, mail = range m.to(address) {
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
	t.Cleanup(func() { mails.accept(0) }) // lets the deliveries of the dead end
	const count = 24
	for i := range count {
		prod.redis.CLI(t, "LPUSH", "email_queue", fmt.Sprintf(`{"to":"user%d@example.com","subject":"Hallo","body":"%d"}`, i, i))
	}
	env := append(prod.env, "SMTP_URL=smtp://"+mails.addr)
	for round := range 3 {
		limit := 2 * (round + 1)
		mails.accept(limit)
		worker := launch(t, env, "worker")
		eventually(t, startTimeout, func() error {
			if mails.count() < limit {
				return fmt.Errorf("the worker has sent nothing yet")
			}
			return nil
		})
		worker.kill() // with mails in flight
	}
	mails.accept(0)
	launch(t, env, "worker")
	eventually(t, 2*time.Minute, func() error {
		for i := range count {
			if address := fmt.Sprintf("user%d@example.com", i); len(mails.to(address)) == 0 {
				return fmt.Errorf("no mail to %s", address)
			}
		}
		return nil
	})
}

func (m *mailServer) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.mails)
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
