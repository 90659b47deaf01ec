package kurs

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of the fields. Names and passwords are counted in characters
// (Unicode code points), addresses, which are ASCII, in bytes.
const (
	MaxNameLength       = 200
	MaxEmailLength      = 254 // RFC 5321 section 4.5.3.1.3, without the angle brackets
	MaxEmailLocalLength = 64  // RFC 5321 section 4.5.3.1.1
	MinPasswordLength   = 8
	MaxPasswordLength   = 128
)

// The JSON names of the fields, as Error.Field carries them.
const (
	FieldName     = "name"
	FieldEmail    = "email"
	FieldPassword = "password"
	// Of a change of the password.
	FieldOldPassword = "old_password"
	FieldNewPassword = "new_password"
)

// ValidateName returns name without the white space around it; what stands
// inside is kept as it is. A name has 1 to MaxNameLength characters of any
// script, at least one of them visible, and no control characters or line
// breaks (it is written into mails and onto terminals).
//
// The error is an *Error with CodeInvalid, FieldName and RuleRequired,
// RuleTooLong, RuleControlChar or RuleNotUTF8.
func ValidateName(name string) (string, error) {
	if !isText(name) {
		return "", invalid(FieldName, RuleNotUTF8)
	}
	name = strings.TrimSpace(name)
	if strings.ContainsFunc(name, isControl) {
		return "", invalid(FieldName, RuleControlChar)
	}
	if !strings.ContainsFunc(name, isVisible) {
		return "", invalid(FieldName, RuleRequired)
	}
	if utf8.RuneCountInString(name) > MaxNameLength {
		return "", invalid(FieldName, RuleTooLong)
	}
	return name, nil
}

// isText reports whether s is what somebody typed. A decoder puts U+FFFD in the
// place of bytes that are no UTF-8 (a name sent in Latin-1) and of half
// surrogate pairs; to store that would be to lose what was meant.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, utf8.RuneError)
}

// isControl reports control characters and the two Unicode line breaks.
func isControl(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// isVisible reports characters that leave ink. A name of zero-width
// characters alone is as empty as one of spaces.
func isVisible(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }

// ValidateEmail returns email without the white space around it, in the case
// it was written in. It accepts a bare ASCII address (no display name, no
// quotes, no comment, no address literal) with one @, at most
// MaxEmailLocalLength bytes before it, MaxEmailLength in all, and a domain of
// at least two labels as RFC 1123 allows them, the last one not a number.
// An international domain is written in its xn-- form.
//
// The error is an *Error with CodeInvalid, FieldEmail and RuleRequired,
// RuleTooLong, RuleControlChar or RuleNotAnEmail.
func ValidateEmail(email string) (string, error) {
	email = strings.TrimSpace(email)
	switch {
	case email == "":
		return "", invalid(FieldEmail, RuleRequired)
	case strings.ContainsFunc(email, isControl):
		return "", invalid(FieldEmail, RuleControlChar)
	case len(email) > MaxEmailLength:
		return "", invalid(FieldEmail, RuleTooLong)
	}
	local, domain, found := strings.Cut(email, "@")
	if !found || local == "" || strings.Contains(domain, "@") || !isASCII(email) || !isDomain(domain) {
		return "", invalid(FieldEmail, RuleNotAnEmail)
	}
	if len(local) > MaxEmailLocalLength {
		return "", invalid(FieldEmail, RuleTooLong)
	}
	// What is parsed must be what is stored: a display name, a comment or
	// quotes make the two differ.
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email {
		return "", invalid(FieldEmail, RuleNotAnEmail)
	}
	return email, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > unicode.MaxASCII {
			return false
		}
	}
	return true
}

// isDomain reports whether s is a host name of at least two labels that
// cannot be mistaken for an IP address.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(labels) >= 2 && strings.Trim(last, "0123456789") != ""
}

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// ValidatePassword returns password as it is: nothing is trimmed, cut or
// normalised. A password has MinPasswordLength to MaxPasswordLength
// characters, whichever they are, and is none of the most common ones.
//
// The error is an *Error with CodeInvalid, FieldPassword and RuleRequired,
// RuleTooShort, RuleTooLong, RuleTooCommon or RuleNotUTF8.
func ValidatePassword(password string) (string, error) {
	if password == "" {
		return "", invalid(FieldPassword, RuleRequired)
	}
	if !isText(password) {
		return "", invalid(FieldPassword, RuleNotUTF8)
	}
	switch n := utf8.RuneCountInString(password); {
	case n < MinPasswordLength:
		return "", invalid(FieldPassword, RuleTooShort)
	case n > MaxPasswordLength:
		return "", invalid(FieldPassword, RuleTooLong)
	}
	if isCommon(password) {
		return "", invalid(FieldPassword, RuleTooCommon)
	}
	return password, nil
}

// validateAs is ValidatePassword for a field of another name.
func validateAs(field, password string) error {
	_, err := ValidatePassword(password)
	if e, ok := errors.AsType[*Error](err); ok {
		return invalid(field, e.Rule)
	}
	return err
}

func invalid(field string, rule Rule) *Error {
	return &Error{Code: CodeInvalid, Field: field, Rule: rule}
}
