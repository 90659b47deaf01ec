package jobs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	netmail "net/mail"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/speedlayer/speedlayer/kursapp/internal/jobs"
)

// sink is a mail server that keeps what it gets.
type sink struct {
	addr string

	mu     sync.Mutex
	mails  []received
	onMail func() error // reply to MAIL, nil accepts
	onRcpt func() error
	onData func() error
	login  string // "user:password" that is asked for, "" for none
}

type received struct {
	from, to string
	message  *netmail.Message
	body     string // as it came, still encoded
	secure   bool
	user     string
}

// startSink starts a server that is set up by configure, if that is not nil.
// implicit means TLS from the first byte on.
func startSink(t *testing.T, cert *tls.Certificate, implicit bool, configure func(*sink)) *sink {
	t.Helper()
	s := &sink{}
	if configure != nil {
		configure(s)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &sinkSession{sink: s, conn: c}, nil
	}))
	server.Domain = "sink.test"
	server.ErrorLog = discardErrors{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	if cert != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}}
		if implicit {
			l = tls.NewListener(l, server.TLSConfig)
		}
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; err != nil {
			t.Errorf("sink: %v", err)
		}
	})
	return s
}

func (s *sink) received() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.mails...)
}

func (s *sink) reply(hook *func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *hook == nil {
		return nil
	}
	return (*hook)()
}

type sinkSession struct {
	sink *sink
	conn *smtp.Conn
	mail received
}

func (s *sinkSession) AuthMechanisms() []string {
	if s.sink.login == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *sinkSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user+":"+password != s.sink.login {
			return smtp.ErrAuthFailed
		}
		s.mail.user = user
		return nil
	}), nil
}

func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.sink.login != "" && s.mail.user == "" {
		return smtp.ErrAuthRequired
	}
	s.mail.from = from
	return s.sink.reply(&s.sink.onMail)
}

func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = to
	return s.sink.reply(&s.sink.onRcpt)
}

func (s *sinkSession) Data(r io.Reader) error {
	message, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	if err := s.sink.reply(&s.sink.onData); err != nil {
		return err
	}
	s.mail.message, s.mail.body = message, string(body)
	_, s.mail.secure = s.conn.TLSConnectionState()
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.mails = append(s.sink.mails, s.mail)
	return nil
}

func (*sinkSession) Reset()        {}
func (*sinkSession) Logout() error { return nil }

type discardErrors struct{}

func (discardErrors) Printf(string, ...any) {}
func (discardErrors) Println(...any)        {}

// refuse returns a hook that answers with code the first n times.
func refuse(n, code int) func() error {
	return func() error {
		if n <= 0 {
			return nil
		}
		n--
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "not this time"}
	}
}

const always = 1 << 30

// selfSigned returns a certificate for 127.0.0.1 and the pool that trusts it.
func selfSigned(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// newSMTP returns a sender for the server at url.
func newSMTP(t *testing.T, url string, mods ...func(*jobs.SMTPOptions)) *jobs.SMTP {
	t.Helper()
	server, err := jobs.ParseSMTPURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o := jobs.SMTPOptions{From: "Kursapp <kursapp@example.com>"}
	for _, mod := range mods {
		mod(&o)
	}
	s, err := jobs.NewSMTP(server, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listen answers connections with serve, one at a time, until the test's end.
func listen(t *testing.T, serve func(net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			wg.Go(func() { serve(conn); conn.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, conn := range open {
			conn.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}
