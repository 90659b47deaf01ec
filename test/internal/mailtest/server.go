// Package mailtest is an SMTP server for tests, which keeps, delays or refuses what it gets.
package mailtest

import (
	"io"
	"mime/quotedprintable"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Server is an SMTP server on loopback that keeps what it gets.
type Server struct {
	addr string

	mu    sync.Mutex
	mails []Mail
	// delay holds every delivery up.
	delay time.Duration
	// limit is how many mails are accepted; the others are held up, so that a worker can
	// be killed in their delivery, and refused with the next limit. 0: all are accepted.
	limit, limits int
	// refuse is the code of the reply to every mail; 0 accepts.
	refuse int
	// refused are the mails that were not accepted.
	refused []Mail
}

// Mail is a mail as it came.
type Mail struct{ To, Data string }

// Answer sets the code of the replies from now on; 0 accepts.
func (m *Server) Answer(code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse = code
}

// Start starts a server, which stops at the end of the test.
func Start(t testing.TB) *Server {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &Server{addr: listener.Addr().String()}
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
	server *Server
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
		s.server.refused = append(s.server.refused, Mail{s.to, string(content)})
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "not this mail"}
	}
	s.server.mails = append(s.server.mails, Mail{s.to, string(content)})
	return nil
}

// full reports whether no mail more is accepted under that limit.
func (m *Server) full(limits int) bool {
	return m.limit > 0 && len(m.mails) >= m.limit && m.limits == limits
}

// Accept sets the limit.
func (m *Server) Accept(limit int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limit = limit
	m.limits++
}

// To returns the mails to one address, decoded.
func (m *Server) To(address string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []string
	for _, mail := range m.mails {
		if mail.To != address {
			continue
		}
		decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(mail.Data)))
		if err != nil {
			decoded = []byte(mail.Data)
		}
		found = append(found, string(decoded))
	}
	return found
}

// Count is how many mails were accepted.
func (m *Server) Count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.mails)
}

// Delay holds every delivery up from now on.
func (m *Server) Delay(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.delay = d
}

// Refused are the mails that were not accepted.
func (m *Server) Refused() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.refused)
}

// Accepted are the mails that were accepted.
func (m *Server) Accepted() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.mails)
}

// Addr is host and port.
func (m *Server) Addr() string { return m.addr }
