package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/speedlayer/speedlayer/queue"
)

// The names of the queues.
const (
	MailQueue        = "email_queue"
	AccountMailQueue = "account_mail"
)

// The limits of a mail, in bytes.
const (
	MaxAddress = 254 // RFC 5321 section 4.5.3.1.3, without the angle brackets
	MaxSubject = 900
	MaxBody    = 512 << 10
)

// QueueOptions are the options of both queues: mail servers may be away for long,
// so 20 attempts spread over about nine hours.
func QueueOptions() queue.Options {
	return queue.Options{MaxAttempts: 20, Backoff: queue.Backoff(2*time.Second, time.Hour), Bridge: true}
}

// Mail is a plain text mail, and as JSON the payload of a task in [MailQueue].
type Mail struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
	// ID becomes the first part of the Message-ID. Tasks do not carry it: the
	// handler sets it to the task's id. Empty means a random one.
	ID string `json:"-"`
}

// Sender delivers mails.
type Sender interface {
	// Send returns nil once the mail is in the hands of the receiving side. An
	// error that is a queue.Permanent says that no further attempt can succeed.
	// After any error the mail may have been delivered all the same, if the answer
	// was lost.
	Send(ctx context.Context, m Mail) error
}

// ErrInvalidMail is in the errors of mails that must not be sent.
var ErrInvalidMail = errors.New("not a valid mail")

// Validate checks that m can be sent as it is: a bare ASCII address, a subject
// without control characters (a line break in it would begin a new header field),
// and the limits. The error names the member and never its value.
func (m Mail) Validate() error {
	if err := validateAddress(m.To); err != nil {
		return fmt.Errorf("%w: to %w", ErrInvalidMail, err)
	}
	switch {
	case strings.TrimSpace(m.Subject) == "":
		return fmt.Errorf("%w: subject is empty", ErrInvalidMail)
	case len(m.Subject) > MaxSubject:
		return fmt.Errorf("%w: subject is longer than %d bytes", ErrInvalidMail, MaxSubject)
	case strings.ContainsFunc(m.Subject, isControl):
		return fmt.Errorf("%w: subject holds a line break or another control character", ErrInvalidMail)
	case len(m.Body) > MaxBody:
		return fmt.Errorf("%w: body is longer than %d bytes", ErrInvalidMail, MaxBody)
	}
	return nil
}

func validateAddress(address string) error {
	switch {
	case address == "":
		return errors.New("is missing")
	case len(address) > MaxAddress:
		return fmt.Errorf("is longer than %d bytes", MaxAddress)
	case strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("holds a space, a control character or a character that is not ASCII")
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address {
		return errors.New("is not one bare e-mail address")
	}
	return nil
}

func isControl(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// parseMail reads a task of MailQueue. Members that it does not know are ignored.
func parseMail(t queue.Task) (Mail, error) {
	var m Mail
	if err := json.Unmarshal(t.Payload, &m); err != nil {
		// The decoder's text may quote the payload.
		return Mail{}, fmt.Errorf(`%w: the task is no object {"to","subject","body"} of strings`, ErrInvalidMail)
	}
	m.ID = messageID(MailQueue, t)
	return m, m.Validate()
}

// messageID is the same in all runs of a task.
func messageID(queueName string, t queue.Task) string { return t.ID + "." + queueName }

// MailHandler returns the handler of [MailQueue]. A task that is no valid mail is
// a permanent error.
func MailHandler(sender Sender) queue.Handler {
	return func(ctx context.Context, t queue.Task) error {
		m, err := parseMail(t)
		if err != nil {
			return queue.Permanent(fmt.Errorf("jobs: %w", err))
		}
		return sender.Send(ctx, m)
	}
}
