package jobs_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
	"github.com/speedlayer/speedlayer/queue"
)

var hello = jobs.Mail{To: "max@example.com", Subject: "Grüße an Zoë 👋", Body: "Hallo Zoë,\n.\nviele Grüße\n", ID: "17-1.email_queue"}

func TestMailArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	s := startSink(t, nil, false, nil)
	sent := time.Date(2025, 11, 22, 12, 0, 0, 0, time.UTC)
	sender := newSMTP(t, "smtp://"+s.addr, func(o *jobs.SMTPOptions) { o.Now = func() time.Time { return sent } })
	if err := sender.Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	mails := s.received()
	if len(mails) != 1 {
		t.Fatalf("%d mails arrived, want 1", len(mails))
	}
	m := mails[0]
	if m.from != "kursapp@example.com" || m.to != "max@example.com" {
		t.Errorf("envelope from %q to %q", m.from, m.to)
	}
	h := m.message.Header
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil || subject != hello.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"From": `"Kursapp" <kursapp@example.com>`, "To": "<max@example.com>",
		"Message-Id": "<17-1.email_queue@example.com>", "Content-Type": "text/plain; charset=UTF-8",
		"Auto-Submitted": "auto-generated",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if date, err := h.Date(); err != nil || !date.Equal(sent) {
		t.Errorf("Date %v, %v, want %v", date, err, sent)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(m.body)))
	if got := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil || strings.TrimRight(got, "\n") != strings.TrimRight(hello.Body, "\n") {
		t.Errorf("body %q, %v, want %q", got, err, hello.Body)
	}
}

func TestStartTLSIsUsedWhereOffered(t *testing.T) {
	t.Parallel()
	cert, roots := selfSigned(t)
	s := startSink(t, cert, false, nil)
	sender := newSMTP(t, "smtp://"+s.addr, func(o *jobs.SMTPOptions) { o.RootCAs = roots })
	if err := sender.Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	if mails := s.received(); len(mails) != 1 || !mails[0].secure {
		t.Errorf("received %+v, want one mail over TLS", mails)
	}
}

func TestUntrustedCertificateGetsNoMail(t *testing.T) {
	t.Parallel()
	cert, _ := selfSigned(t)
	for _, scheme := range []string{"smtp", "smtps"} {
		s := startSink(t, cert, scheme == "smtps", nil)
		sender := newSMTP(t, scheme+"://"+s.addr, func(o *jobs.SMTPOptions) { o.RootCAs = x509.NewCertPool() })
		err := sender.Send(t.Context(), hello)
		var unknown x509.UnknownAuthorityError
		if !errors.As(err, &unknown) || permanent(t, err) {
			t.Errorf("%s: Send = %v, want an unknown authority, to be tried again", scheme, err)
		}
		if n := len(s.received()); n != 0 {
			t.Errorf("%s: %d mails arrived", scheme, n)
		}
	}
}

func TestImplicitTLSWithLogin(t *testing.T) {
	t.Parallel()
	cert, roots := selfSigned(t)
	s := startSink(t, cert, true, func(s *sink) { s.login = "max:p@ss/word" })
	trust := func(o *jobs.SMTPOptions) { o.RootCAs = roots }
	if err := newSMTP(t, "smtps://max:p%40ss%2Fword@"+s.addr, trust).Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	if mails := s.received(); len(mails) != 1 || !mails[0].secure || mails[0].user != "max" {
		t.Errorf("received %+v, want one mail of max over TLS", mails)
	}
	for name, url := range map[string]string{
		"wrong password": "smtps://max:other-secret@" + s.addr,
		"no login":       "smtps://" + s.addr,
	} {
		err := newSMTP(t, url, trust).Send(t.Context(), hello)
		if err == nil || permanent(t, err) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: Send = %v, want an error to be tried again, without the password", name, err)
		}
	}
}

func TestImplicitTLSNeverFallsBack(t *testing.T) {
	t.Parallel()
	s := startSink(t, nil, false, nil)
	if err := newSMTP(t, "smtps://"+s.addr).Send(t.Context(), hello); err == nil {
		t.Error("a server without TLS got the mail")
	}
	if n := len(s.received()); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
}

func TestRepliesDecideWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		configure func(*sink)
		permanent bool
	}{
		"MAIL 4xx":       {func(s *sink) { s.onMail = refuse(always, 451) }, false},
		"MAIL 5xx":       {func(s *sink) { s.onMail = refuse(always, 550) }, true},
		"MAIL login":     {func(s *sink) { s.onMail = refuse(always, 530) }, false},
		"RCPT 4xx":       {func(s *sink) { s.onRcpt = refuse(always, 450) }, false},
		"RCPT 5xx":       {func(s *sink) { s.onRcpt = refuse(always, 550) }, true},
		"DATA 4xx":       {func(s *sink) { s.onData = refuse(always, 452) }, false},
		"DATA 5xx":       {func(s *sink) { s.onData = refuse(always, 554) }, true},
		"login required": {func(s *sink) { s.login = "max:secret" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startSink(t, nil, false, tc.configure)
			err := newSMTP(t, "smtp://"+s.addr).Send(t.Context(), hello)
			if err == nil || permanent(t, err) != tc.permanent {
				t.Errorf("Send = %v, permanent %v, want permanent %v", err, permanent(t, err), tc.permanent)
			}
		})
	}
	t.Run("greeting 5xx", func(t *testing.T) {
		t.Parallel()
		addr := listen(t, func(c net.Conn) { fmt.Fprint(c, "554 go away\r\n") })
		if err := newSMTP(t, "smtp://"+addr).Send(t.Context(), hello); err == nil || permanent(t, err) {
			t.Errorf("Send = %v, want an error to be tried again", err)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		if err := newSMTP(t, "smtp://"+l.Addr().String()).Send(t.Context(), hello); err == nil || permanent(t, err) {
			t.Errorf("Send = %v, want an error to be tried again", err)
		}
	})
}

func TestRefusalsDoNotNameTheRecipient(t *testing.T) {
	t.Parallel()
	refusal := func() error {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<MAX@example.com>: unknown user"}
	}
	for name, configure := range map[string]func(*sink){
		"MAIL": func(s *sink) { s.onMail = refusal },
		"RCPT": func(s *sink) { s.onRcpt = refusal },
		"DATA": func(s *sink) { s.onData = refusal },
	} {
		s := startSink(t, nil, false, configure)
		err := newSMTP(t, "smtp://"+s.addr).Send(t.Context(), hello)
		if err == nil || !strings.Contains(err.Error(), "unknown user") || strings.Contains(strings.ToLower(err.Error()), "max@") {
			t.Errorf("%s: Send = %v, want the reply without the address", name, err)
		}
	}
}

func TestAcceptedMailIsNotSentAgainBecauseGoodbyeFailed(t *testing.T) {
	t.Parallel()
	addr := listen(t, func(c net.Conn) {
		lines := bufio.NewScanner(c)
		fmt.Fprint(c, "220 sink.test\r\n")
		for inData := false; lines.Scan(); {
			switch line := lines.Text(); {
			case inData && line == ".":
				fmt.Fprint(c, "250 accepted\r\n")
				return // no answer to QUIT
			case inData:
			case line == "DATA":
				inData = true
				fmt.Fprint(c, "354 go on\r\n")
			default:
				fmt.Fprint(c, "250 ok\r\n")
			}
		}
	})
	if err := newSMTP(t, "smtp://"+addr).Send(t.Context(), hello); err != nil {
		t.Errorf("Send = %v, want nil for an accepted mail", err)
	}
}

func TestSlowServersAreLeftInTime(t *testing.T) {
	t.Parallel()
	_, roots := selfSigned(t)
	for name, serve := range map[string]func(net.Conn){
		"says nothing": func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"says everything late": func(c net.Conn) {
			lines := bufio.NewReader(c)
			for _, reply := range []string{"220 sink\r\n", "250 sink\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"} {
				time.Sleep(300 * time.Millisecond)
				if _, err := io.WriteString(c, reply); err != nil {
					return
				}
				if _, err := lines.ReadString('\n'); err != nil {
					return
				}
			}
			_, _ = io.Copy(io.Discard, c)
		},
	} {
		for _, scheme := range []string{"smtp", "smtps"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				sender := newSMTP(t, scheme+"://"+listen(t, serve), func(o *jobs.SMTPOptions) {
					o.RootCAs, o.Timeout = roots, 500*time.Millisecond
				})
				begin := time.Now()
				err := sender.Send(t.Context(), hello)
				if took := time.Since(begin); err == nil || permanent(t, err) || took > 30*time.Second {
					t.Errorf("Send = %v after %v, want a timeout after half a second", err, took)
				}
			})
		}
	}
}

func TestCancelledSendReturnsAtOnce(t *testing.T) {
	t.Parallel()
	connected := make(chan struct{})
	addr := listen(t, func(c net.Conn) {
		close(connected)
		_, _ = io.Copy(io.Discard, c)
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-connected
		cancel(queue.ErrShutdown)
	}()
	begin := time.Now()
	err := newSMTP(t, "smtp://"+addr).Send(ctx, hello)
	if took := time.Since(begin); !errors.Is(err, queue.ErrShutdown) || took > 30*time.Second {
		t.Errorf("Send = %v after %v, want the cause at once", err, took)
	}
}

func TestMailsThatMustNotBeSent(t *testing.T) {
	t.Parallel()
	s := startSink(t, nil, false, nil)
	sender := newSMTP(t, "smtp://"+s.addr)
	ok := jobs.Mail{To: "max@example.com", Subject: "s", Body: "b"}
	for name, change := range map[string]func(*jobs.Mail){
		"line break in subject":      func(m *jobs.Mail) { m.Subject = "s\r\nBcc: eve@example.com" },
		"bare LF in subject":         func(m *jobs.Mail) { m.Subject = "s\nBcc: eve@example.com" },
		"bare CR in subject":         func(m *jobs.Mail) { m.Subject = "s\rx" },
		"Unicode line in subject":    func(m *jobs.Mail) { m.Subject = "s\u2028x" },
		"empty subject":              func(m *jobs.Mail) { m.Subject = "  " },
		"long subject":               func(m *jobs.Mail) { m.Subject = strings.Repeat("s", 901) },
		"long body":                  func(m *jobs.Mail) { m.Body = strings.Repeat("b", 512<<10+1) },
		"no address":                 func(m *jobs.Mail) { m.To = "" },
		"not an address":             func(m *jobs.Mail) { m.To = "max" },
		"line break in address":      func(m *jobs.Mail) { m.To = "max@example.com\r\nRCPT TO:<eve@example.com>" },
		"line break behind address":  func(m *jobs.Mail) { m.To = "max@example.com\n" },
		"two addresses":              func(m *jobs.Mail) { m.To = "max@example.com,eve@example.com" },
		"name before the address":    func(m *jobs.Mail) { m.To = "Max <max@example.com>" },
		"address in angle brackets":  func(m *jobs.Mail) { m.To = "<max@example.com>" },
		"address with a comment":     func(m *jobs.Mail) { m.To = "max@example.com(eve@example.com)" },
		"address with other letters": func(m *jobs.Mail) { m.To = "mäx@example.com" },
		"long address":               func(m *jobs.Mail) { m.To = strings.Repeat("m", 254) + "@example.com" },
		"line break in the id":       func(m *jobs.Mail) { m.ID = "1\r\nBcc: eve@example.com" },
		"second domain in the id":    func(m *jobs.Mail) { m.ID = "1@eve" },
	} {
		m := ok
		change(&m)
		if err := sender.Send(t.Context(), m); !errors.Is(err, jobs.ErrInvalidMail) || !permanent(t, err) {
			t.Errorf("%s: Send = %v, want a permanent ErrInvalidMail", name, err)
		} else if strings.Contains(err.Error(), "eve") {
			t.Errorf("%s: the error quotes the mail: %v", name, err)
		}
	}
	if n := len(s.received()); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
	if err := sender.Send(t.Context(), ok); err != nil {
		t.Errorf("Send of the unchanged mail = %v", err)
	}
}

func TestNewSMTPRefusesABadSender(t *testing.T) {
	t.Parallel()
	server, err := jobs.ParseSMTPURL("smtp://localhost")
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"kursapp", "a@b, c@d", "K <käpp@example.com>"} {
		if _, err := jobs.NewSMTP(server, jobs.SMTPOptions{From: from}); err == nil {
			t.Errorf("NewSMTP accepts %q", from)
		}
	}
	if _, err := jobs.NewSMTP(server, jobs.SMTPOptions{}); err != nil {
		t.Errorf("NewSMTP without From = %v", err)
	}
}

// permanent reports whether a queue would bury a task that failed with err: it
// asks a real one.
func permanent(t *testing.T, err error) bool {
	t.Helper()
	q := newQueue(t)
	if e := q.Enqueue(t.Context(), 1); e != nil {
		t.Fatal(e)
	}
	seen := work(t, q, func(_ context.Context, task queue.Task) error {
		if task.Attempt > 1 {
			return nil
		}
		return err
	}, queue.WorkerOptions{})
	eventually(t, "verdict", func() bool { return seen.count(queue.EventDead)+seen.count(queue.EventDone) == 1 })
	return seen.count(queue.EventDead) == 1
}

var _ smtp.AuthSession = (*sinkSession)(nil)
