package jobs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/speedlayer/speedlayer/queue"
)

// SMTPOptions are the options of [NewSMTP].
type SMTPOptions struct {
	// From is the sender's address, with or without a name; default
	// kursapp@localhost.
	From string
	// DialTimeout bounds the time until the connection stands; default 10 s.
	DialTimeout time.Duration
	// Timeout bounds one whole delivery, the connection included; default 30 s.
	Timeout time.Duration
	// RootCAs are the authorities that the server's certificate is checked against;
	// default those of the system. The certificate is always checked, for STARTTLS
	// too: a password may go over that connection.
	RootCAs *x509.CertPool
	// Now is the clock of the Date header; default time.Now.
	Now func() time.Time
}

// SMTP is a [Sender] that hands mails to a mail server, each over a connection of
// its own. It is safe for concurrent use.
type SMTP struct {
	server *SMTPServer
	from   *netmail.Address
	domain string // of From, the second part of Message-IDs
	o      SMTPOptions
}

// NewSMTP returns a sender, without any I/O. The error says that From is not an
// address.
func NewSMTP(server *SMTPServer, o SMTPOptions) (*SMTP, error) {
	if o.From == "" {
		o.From = "kursapp@localhost"
	}
	if o.DialTimeout <= 0 {
		o.DialTimeout = 10 * time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	from, err := netmail.ParseAddress(o.From)
	if err == nil && strings.ContainsFunc(from.Name, isControl) {
		err = errors.New("control character")
	}
	if err == nil {
		err = validateAddress(from.Address)
	}
	if err != nil {
		return nil, fmt.Errorf("jobs: sender address %q is not one like kursapp@example.com: %w", o.From, err)
	}
	domain := from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	return &SMTP{server: server, from: from, domain: domain, o: o}, nil
}

// Send implements [Sender]. It is permanent that the server refuses the mail with
// a 5xx reply to MAIL, RCPT or DATA, unless it asks for a login. Everything else
// may pass: no connection, a certificate that is not trusted, a refused login, a
// 4xx reply, the timeout. The errors do not name the recipient.
func (s *SMTP) Send(ctx context.Context, m Mail) error {
	if err := m.Validate(); err != nil {
		return queue.Permanent(fmt.Errorf("jobs: %w", err))
	}
	msg, err := s.message(m)
	if err != nil {
		return queue.Permanent(fmt.Errorf("jobs: compose mail: %w", err))
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	client, err := s.client(ctx)
	if err != nil {
		return fmt.Errorf("jobs: set up %s: %w", s.server, err)
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() {
		return nil // that saying goodbye failed is no reason to send it again
	}
	err = withoutRecipient(err, m.To)
	if ctx.Err() != nil {
		// The connection was closed under go-mail's hands; its error says only that.
		return fmt.Errorf("jobs: send mail over %s: %w (%w)", s.server, context.Cause(ctx), err)
	}
	err = fmt.Errorf("jobs: send mail over %s: %w", s.server, err)
	if refusedForGood(err) {
		return queue.Permanent(err)
	}
	return err
}

// anonymousError is an error whose text does not name a recipient.
type anonymousError struct {
	err  error
	text string
}

func (e *anonymousError) Error() string { return e.text }
func (e *anonymousError) Unwrap() error { return e.err }

// withoutRecipient takes the recipient's address out of an error's text, where go-mail
// puts it and many servers repeat it: the text goes to the log and to whoever lists
// dead letters.
func withoutRecipient(err error, to string) error {
	address := regexp.MustCompile("(?i)" + regexp.QuoteMeta(to)) // a server may change its case
	return &anonymousError{err, address.ReplaceAllLiteralString(err.Error(), "recipient")}
}

// refusedForGood reports whether the server's answer to the mail itself was a 5xx
// one. go-mail has a SendError for that only; what happens before is the
// operator's business, not the mail's.
func refusedForGood(err error) bool {
	var refused *mail.SendError
	if !errors.As(err, &refused) {
		return false
	}
	switch code := refused.ErrorCode(); code {
	case 502, 503, 530, 534, 535, 538: // the server wants a login, or another one
		return false
	default:
		return code >= 500 && code <= 599
	}
}

func (s *SMTP) message(m Mail) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(s.o.Now())
	if m.ID == "" {
		msg.SetMessageID()
	} else {
		msg.SetMessageIDWithValue(m.ID + "@" + s.domain)
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no vacation replies
	msg.SetBodyString(mail.TypeTextPlain, m.Body)
	return msg, nil
}

// client returns a go-mail client for one delivery: its connection ends with ctx.
func (s *SMTP) client(ctx context.Context) (*mail.Client, error) {
	config := &tls.Config{ServerName: s.server.host, MinVersion: tls.VersionTLS12, RootCAs: s.o.RootCAs}
	options := []mail.Option{
		mail.WithPort(s.server.port),
		mail.WithTimeout(s.o.Timeout),
		mail.WithTLSConfig(config),
		mail.WithTLSPolicy(mail.TLSOpportunistic),
		mail.WithDialContextFunc(s.dialer(ctx, config)),
		mail.WithoutNoop(), mail.WithoutRset(),
		mail.WithoutSMTPUTF8(), // the addresses are ASCII, and not every relay takes it
	}
	if s.server.tls {
		options = append(options, mail.WithSSL())
	}
	if s.server.user != "" {
		// PLAIN and LOGIN refuse to show the password to a server without TLS that is
		// not on this machine.
		options = append(options, mail.WithUsername(s.server.user), mail.WithPassword(s.server.password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1,
				mail.SMTPAuthCramMD5, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return mail.NewClient(s.server.host, options...)
}
