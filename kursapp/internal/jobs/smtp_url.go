package jobs

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// SMTPServer is a mail server and how to log in to it. It prints without the
// password.
type SMTPServer struct {
	host     string
	port     int
	tls      bool // from the first byte on
	user     string
	password string
}

// SMTPForms shows what ParseSMTPURL takes.
// SMTPForms shows how SMTP_URL may look.
const SMTPForms = "smtp://host:25 (STARTTLS where the server offers it) or smtps://user:password@host (always TLS)" //nolint:gosec // placeholders, no credentials

// ParseSMTPURL reads the value of SMTP_URL:
//
//	smtp://[user:password@]host[:25]     STARTTLS where the server offers it
//	smtps://[user:password@]host[:465]   TLS from the first byte on
//
// Special characters in user and password are percent-encoded. The error shows
// the right form and never any part of the value: a malformed one may have the
// password anywhere.
func ParseSMTPURL(value string) (*SMTPServer, error) {
	s, err := parseSMTPURL(value)
	if err != nil {
		return nil, fmt.Errorf("SMTP_URL %w. Write it like %s; "+
			"in user and password, write characters such as @ : / ? # %% as %%40 %%3A %%2F %%3F %%23 %%25", err, SMTPForms)
	}
	return s, nil
}

func parseSMTPURL(value string) (*SMTPServer, error) {
	u, err := url.Parse(value)
	if err != nil {
		return nil, errors.New("is not a URL") // err quotes the value
	}
	s := &SMTPServer{host: u.Hostname(), port: 25}
	switch u.Scheme {
	case "smtp":
	case "smtps":
		s.port, s.tls = 465, true
	default:
		return nil, errors.New("begins with neither smtp:// nor smtps://")
	}
	if s.host == "" || strings.ContainsFunc(s.host, isControl) || strings.ContainsAny(s.host, " /") {
		return nil, errors.New("names no host")
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "" {
		return nil, errors.New("has something behind the host")
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return nil, errors.New("has a port that is no number from 1 to 65535")
		}
	}
	if u.User != nil {
		s.user = u.User.Username()
		s.password, _ = u.User.Password()
		if s.user == "" || s.password == "" {
			return nil, errors.New("has a user without a password or a password without a user")
		}
	}
	return s, nil
}

// String is the address without user and password, as "smtps://mail.example.com:465".
func (s *SMTPServer) String() string {
	scheme := "smtp"
	if s.tls {
		scheme = "smtps"
	}
	return scheme + "://" + s.address()
}

// GoString keeps %#v from showing the password.
func (s *SMTPServer) GoString() string { return s.String() }

func (s *SMTPServer) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }
